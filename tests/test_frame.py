"""The first step of a sign-up in a frame: no cookie, exact origins, and the whole form at the top of the window."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from ondemand import clock
from ondemand.models import AuditEntry
from ondemand.tenancy.context import as_worker
from partners.models import Campaign
from partners.origins import read_origins
from signup.models import PageVisits, SignUp
from tests import factories
from tests.factories import Cast, sign_in

pytestmark = pytest.mark.django_db
SITE, SHOP = "https://www.iberia.example", "https://shop.iberia.example:8443"
TYPED = {"company": "Café Central, S.L.", "name": "Ana Gil", "email": "ana@central.example", "country": "ES"}
FRAME, EDIT = "/signup/{slug}/embed/", "/sign-up-pages/{pk}/origins/"


@pytest.fixture
def cast() -> Cast:
    made = factories.make_cast(now=clock.now())
    allow(made.iberia.campaign, SITE, SHOP)
    return made


def allow(campaign: Campaign, *origins: str) -> None:
    with as_worker():
        Campaign.objects.filter(pk=campaign.pk).update(allowed_origins=list(origins))


def frame_of(cast: Cast) -> str:
    return FRAME.format(slug=cast.iberia.campaign.slug)


def ancestors(answer: Any) -> list[str]:
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    return sorted(policy["frame-ancestors"].split())


def filled(client: Client, cast: Cast) -> dict[str, str]:
    form = client.get(frame_of(cast)).context["form"]
    return TYPED | {name: str(form[name].initial) for name in ("plan", "stamp")}


def test_the_frame_sets_no_cookie_and_shows_on_its_origins_alone(client: Client, cast: Cast) -> None:
    answer = client.get(frame_of(cast))
    assert (answer.status_code, dict(answer.cookies)) == (200, {})
    assert ancestors(answer) == sorted(["'self'", SITE, SHOP])
    assert "X-Frame-Options" not in answer
    assert 'target="_top"' in answer.content.decode()
    assert "csrfmiddlewaretoken" not in answer.content.decode()


def test_without_origins_a_page_shows_on_no_other_site(client: Client, cast: Cast) -> None:
    allow(cast.iberia.campaign)
    assert ancestors(client.get(frame_of(cast))) == ["'self'"]


def test_a_rivals_frame_has_none_of_these_origins(client: Client, cast: Cast) -> None:
    assert ancestors(client.get(FRAME.format(slug=cast.nordic.campaign.slug))) == ["'self'"]


def test_every_other_page_stands_in_no_frame(client: Client, cast: Cast) -> None:
    for path in (f"/signup/{cast.iberia.campaign.slug}/", "/signup/nothing/embed/", "/accounts/login/"):
        answer = client.get(path)
        assert (ancestors(answer), answer["X-Frame-Options"]) == (["'none'"], "DENY")


def test_the_whole_form_comes_with_what_was_typed_and_in_no_frame(cast: Cast) -> None:
    """Also where a browser asks for the tokens of forms."""
    client = Client(enforce_csrf_checks=True)
    answer = client.post(frame_of(cast), filled(client, cast))
    form = answer.context["form"]
    assert (answer.status_code, ancestors(answer), answer["X-Frame-Options"]) == (200, ["'none'"], "DENY")
    assert {name: form[name].value() for name in TYPED} == TYPED
    assert f'action="/signup/{cast.iberia.campaign.slug}/"' in answer.content.decode()
    with as_worker():
        assert (SignUp.objects.count(), PageVisits.objects.get().visits) == (0, 1)


@pytest.mark.parametrize(
    "change", [{"stamp": "x"}, {"website": "x"}, {"email": "no"}, {"country": "XX"}, {"plan": "0"}]
)
def test_what_is_wrong_in_the_frame_is_said_and_kept(client: Client, cast: Cast, change: dict[str, str]) -> None:
    answer = client.post(frame_of(cast), filled(client, cast) | change)
    assert (answer.status_code, ancestors(answer)) == (422, ["'none'"])
    assert 'value="Café Central, S.L."' in answer.content.decode()


def test_a_stamp_of_another_page_is_refused(client: Client, cast: Cast) -> None:
    rival = FRAME.format(slug=cast.nordic.campaign.slug)
    assert client.post(rival, filled(client, cast)).status_code == 422


def test_a_partners_owner_lists_the_origins(cast: Cast) -> None:
    client, path = sign_in(cast.iberia.owner), EDIT.format(pk=cast.iberia.campaign.pk)
    assert SITE in client.get(path).content.decode()
    assert client.post(path, {"origins": f"{SITE}/\n{SITE}\nHTTPS://Café.example:443\n"}).status_code == 302
    expected = [SITE, "https://xn--caf-dma.example"]
    with as_worker():
        assert Campaign.objects.get(pk=cast.iberia.campaign.pk).allowed_origins == expected
        entry = AuditEntry.objects.get(verb="origins.changed")
    assert (entry.partner_id, entry.detail["origins"]) == (cast.iberia.partner.pk, expected)
    assert SITE in client.get("/sign-up-pages/").content.decode()


@pytest.mark.parametrize("role", ["finance", "support"])
def test_other_members_do_not(cast: Cast, role: str) -> None:
    client, path = sign_in(getattr(cast.iberia, role)), EDIT.format(pk=cast.iberia.campaign.pk)
    assert (client.get(path).status_code, client.post(path, {"origins": ""}).status_code) == (403, 403)
    assert path not in client.get("/sign-up-pages/").content.decode()


def test_a_rivals_owner_finds_nothing(cast: Cast) -> None:
    client, path = sign_in(cast.nordic.owner), EDIT.format(pk=cast.iberia.campaign.pk)
    assert (client.get(path).status_code, client.post(path, {"origins": ""}).status_code) == (404, 404)


WRONG = [
    "http://www.iberia.example",
    "https://*.iberia.example",
    "https://iberia.example/path",
    "https://user@iberia.example",
    "https://iberia.example?x",
    "https://iberia.example; script-src *",
    "https://iberia.example, https://x.example",
    "https://iberia.example https://x.example",
    "https://iberia.example:0",
    "https://iberia.example:x",
    "https://localhost",
    "https://-x.example",
    "https://" + "a" * 64 + ".example",
    "//iberia.example",
    "iberia.example",
    "*",
    "'self'",
    "data:",
    "https://a..example",
    "https://" + ".".join(["a" * 60] * 5) + ".example",
]


@pytest.mark.parametrize("line", WRONG)
def test_what_is_no_exact_origin_is_refused_and_kept(cast: Cast, line: str) -> None:
    with pytest.raises(ValidationError):
        read_origins(line)
    client, path = sign_in(cast.iberia.owner), EDIT.format(pk=cast.iberia.campaign.pk)
    answer = client.post(path, {"origins": line})
    assert answer.status_code == 422


@pytest.mark.parametrize("typed", ["\x00", "\u202e", "a" * 1_000_000, "{{ 7*7 }}", "\u2028".join(["x"] * 50)])
def test_hostile_origins_are_no_failure(cast: Cast, typed: str) -> None:
    answer = sign_in(cast.iberia.owner).post(EDIT.format(pk=cast.iberia.campaign.pk), {"origins": typed})
    assert answer.status_code == 422


def test_ten_origins_are_the_most() -> None:
    lines = [f"https://site{number}.example" for number in range(11)]
    assert read_origins("\n".join(lines[:10])) == lines[:10]
    with pytest.raises(ValidationError):
        read_origins("\n".join(lines))


def test_localhost_is_an_origin_except_in_production(settings: Any) -> None:
    assert read_origins("http://localhost:8123") == ["http://localhost:8123"]
    settings.PRODUCTION = True
    with pytest.raises(ValidationError):
        read_origins("http://localhost:8123")
