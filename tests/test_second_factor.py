"""Who must have a second factor is sent to set one up; attempts to sign in are counted without Redis, per client."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from ondemand import clock
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.factories import Cast, sign_in

SET_UP = "/accounts/2fa/"
LOGIN = "/accounts/login/"
HERE, THERE = "198.51.100.7", "203.0.113.7"


@pytest.fixture
def cast(db: None, settings: Any) -> Cast:
    settings.SECOND_FACTOR_REQUIRED = True
    return factories.make_cast(now=clock.now())


def leads_to(client: Client, path: str, **extra: Any) -> str:
    """Where the page sends the browser; empty where it is shown."""
    answer = client.get(path, **extra)
    return answer.headers.get("Location", "") if answer.status_code == 302 else ""


def give_factor(user: User, kind: str) -> None:
    with as_worker():
        Authenticator.objects.create(user=user, type=kind, data={})


@pytest.mark.parametrize("role", ["owner", "finance"])
def test_who_receives_money_sets_a_second_factor_up_first(cast: Cast, role: str) -> None:
    client = sign_in(getattr(cast.iberia, role))
    for path in ("/", "/dashboard/", "/customers/", "/payments/", "/accounts/email/"):
        assert leads_to(client, path) == SET_UP, path
    assert "Your role needs a second factor" in client.get(SET_UP).content.decode()


def test_staff_set_a_second_factor_up_first(cast: Cast) -> None:
    client = sign_in(cast.staff)
    assert leads_to(client, "/admin/") == leads_to(client, "/admin/payments/payment/") == SET_UP


def test_nothing_is_changed_by_who_lacks_it(cast: Cast) -> None:
    client, path = sign_in(cast.iberia.owner), f"/sign-up-pages/{cast.iberia.campaign.pk}/origins/"
    answer = client.post(path, {"origins": "https://www.iberia.example"})
    assert answer["Location"] == SET_UP
    with as_worker():
        cast.iberia.campaign.refresh_from_db()
        assert cast.iberia.campaign.allowed_origins == []


def test_a_part_of_a_page_sends_the_whole_page(cast: Cast) -> None:
    answer = sign_in(cast.iberia.owner).get("/customers/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == SET_UP


def test_what_the_set_up_needs_is_open(cast: Cast) -> None:
    client = sign_in(cast.iberia.owner)
    assert leads_to(client, "/accounts/reauthenticate/") == ""
    assert leads_to(client, f"/signup/{cast.iberia.campaign.slug}/") == ""
    assert "/accounts/reauthenticate/" in leads_to(client, "/accounts/2fa/totp/activate/")
    assert client.post("/accounts/logout/").status_code == 302
    assert leads_to(client, "/dashboard/").startswith(LOGIN)


@pytest.mark.parametrize("kind", ["totp", "webauthn"])
def test_a_second_factor_opens_the_portal(cast: Cast, kind: str) -> None:
    give_factor(cast.iberia.owner, kind)
    assert leads_to(sign_in(cast.iberia.owner), "/dashboard/") == ""


def test_recovery_codes_alone_are_no_second_factor(cast: Cast) -> None:
    give_factor(cast.iberia.owner, "recovery_codes")
    assert leads_to(sign_in(cast.iberia.owner), "/dashboard/") == SET_UP


def test_support_members_need_none(cast: Cast) -> None:
    assert leads_to(sign_in(cast.iberia.support), "/dashboard/") == ""


def test_in_demo_and_tests_it_is_offered_only(cast: Cast, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    assert leads_to(sign_in(cast.iberia.owner), "/dashboard/") == ""


def refused(address: str, email: str = "nobody@else.example", **headers: str) -> bool:
    """Whether a wrong password is not even looked at."""
    answer = Client(REMOTE_ADDR=address).post(LOGIN, {"login": email, "password": "no"}, headers=headers)
    return answer.status_code == 429 and "Too many attempts" in answer.content.decode()


def test_the_sixth_wrong_password_of_an_account_is_not_looked_at(database_cache: None) -> None:
    """Counted in the database: Redis has no part in it."""
    assert [refused(f"198.51.100.{number}", "owner@iberia.example") for number in range(6)] == [False] * 5 + [True]


def test_the_eleventh_wrong_password_from_an_address_is_not_looked_at(database_cache: None) -> None:
    assert [refused(HERE, f"u{number}@x.example") for number in range(11)] == [False] * 10 + [True]
    assert not refused(THERE, "other@x.example")


def test_behind_a_proxy_the_client_is_counted_and_not_the_proxy(database_cache: None, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    tries = [refused("10.0.0.1", f"u{n}@x.example", **{"X-Forwarded-For": f"192.0.2.{n}, {HERE}"}) for n in range(11)]
    assert tries == [False] * 10 + [True]
    assert not refused("10.0.0.1", "other@x.example", **{"X-Forwarded-For": THERE})


def test_a_forged_header_gives_no_new_attempts_without_a_proxy(database_cache: None) -> None:
    tries = [refused(HERE, f"u{n}@x.example", **{"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(11)]
    assert tries[-1]
