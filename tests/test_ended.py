"""A session that has ended: the way back to where one was, in words; and limits on trying."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from ondemand import clock
from ondemand.models import User
from ondemand.tenancy.context import Scope, tenant
from ondemand.tenancy.roles import Role
from tests import factories
from tests.factories import PASSWORD, Cast, sign_in
from tests.test_access import give

LOGIN, HERE, THERE = "/accounts/login/", "198.51.100.7", "203.0.113.7"


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast(now=clock.now())


@pytest.fixture
def browser(cast: Cast) -> Client:
    """Its session has ended at the server; the cookie is still there."""
    client = sign_in(cast.iberia.owner)
    end(client)
    return client


def end(client: Client) -> None:
    with tenant(Scope(Role.AUTH)):
        Session.objects.filter(session_key=client.session.session_key).delete()


def asked(place: str) -> dict[str, str]:
    parts = urlsplit(place)
    assert parts.path == LOGIN
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def test_the_next_click_leads_to_sign_in_and_back(cast: Cast, browser: Client) -> None:
    answer = browser.get("/customers/?state=paid")
    assert asked(answer["Location"]) == {"next": "/customers/?state=paid", "ended": "read"}
    page = browser.get(answer["Location"]).content.decode()
    assert "Your session ended. Sign in, and you go on where you were." in page
    assert 'name="next" value="/customers/?state=paid"' in page
    form = {"login": cast.iberia.owner.email, "password": PASSWORD, "next": "/customers/?state=paid"}
    assert browser.post(LOGIN, form)["Location"] == "/customers/?state=paid"


def test_who_was_never_signed_in_reads_nothing_of_an_end(db: None) -> None:
    assert asked(Client().get("/customers/")["Location"]) == {"next": "/customers/"}


def test_a_browser_that_forgot_the_cookie_with_the_session_is_told_by_where_it_comes_from(db: None) -> None:
    client = Client(headers={"referer": "http://testserver/instances/?q=x"})
    assert asked(client.get("/customers/")["Location"])["ended"] == "read"
    elsewhere = Client(headers={"referer": "https://mail.example/inbox/"})
    assert asked(elsewhere.get("/customers/")["Location"]) == {"next": "/customers/"}


def test_what_was_sent_too_late_leads_back_to_its_form_and_is_said_to_be_lost(browser: Client) -> None:
    answer = browser.post("/team/", {"email": "a@b.example"}, headers={"referer": "http://testserver/team/?x=1"})
    assert asked(answer["Location"]) == {"next": "/team/?x=1", "ended": "sent"}
    assert "what you sent was not saved" in browser.get(answer["Location"]).content.decode()


@pytest.mark.parametrize("referer", ["", "https://else.example/team/", "//else.example/", "http://["])
def test_the_way_back_never_leads_elsewhere(browser: Client, referer: str) -> None:
    answer = browser.post("/team/1/disable/", headers={"referer": referer})
    assert asked(answer["Location"])["next"] == "/"


def test_a_part_of_a_page_sends_the_whole_page(browser: Client) -> None:
    here = {"HX-Request": "true", "HX-Current-URL": "http://testserver/customers/?page=2"}
    answer = browser.get("/customers/?page=3", headers=here)
    assert (answer.status_code, answer.content) == (200, b"")
    assert asked(answer["HX-Redirect"]) == {"next": "/customers/?page=2", "ended": "read"}


def test_a_form_from_before_the_last_sign_in_is_refused_in_words(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/team/", {"email": "a@b.example"})
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "what you typed is still there in most browsers" in text
    assert "Your role" not in text


def test_who_was_disabled_meanwhile_is_told_as_at_any_end(cast: Cast) -> None:
    client = sign_in(cast.iberia.finance)
    with tenant(Scope(Role.AUTH)):
        User.objects.filter(pk=cast.iberia.finance.pk).update(session_round=7)
    assert asked(client.get("/dashboard/")["Location"])["ended"] == "read"


def too_often(answer: Any) -> bool:
    return answer.status_code == 429 and "<h1>Too many attempts</h1>" in answer.content.decode()


def tries(times: int, path: str, clients: list[Client], **data: str) -> list[bool]:
    """Whether each was refused for being one too many."""
    return [too_often(clients[number % len(clients)].post(path, data)) for number in range(times)]


def test_the_sixth_wrong_second_factor_is_not_looked_at(database_cache: None) -> None:
    owner = factories.make_cast(now=clock.now()).iberia.owner
    give(owner, "totp")
    clients = [Client(REMOTE_ADDR=f"198.51.100.{number}") for number in range(6)]
    for client in clients:
        client.post(LOGIN, {"login": owner.email, "password": PASSWORD})
    assert tries(6, "/accounts/2fa/authenticate/", clients, code="000000") == [False] * 5 + [True]


def test_the_sixth_wrong_password_again_is_not_looked_at(database_cache: None) -> None:
    client = sign_in(factories.make_cast(now=clock.now()).iberia.owner)
    assert tries(6, "/accounts/reauthenticate/", [client], password="no") == [False] * 5 + [True]


def test_the_sixth_password_mail_a_minute_for_an_address_is_not_sent(database_cache: None) -> None:
    clients = [Client(REMOTE_ADDR=f"198.51.100.{number}") for number in range(6)]
    assert tries(6, "/accounts/password/reset/", clients, email="a@b.example") == [False] * 5 + [True]


def test_one_place_asks_for_twenty_password_mails_a_minute(database_cache: None, settings: Any) -> None:
    """Behind a proxy it is the client's address that counts."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def ask(number: int, place: str) -> bool:
        client = Client(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": f"192.0.2.{number}, {place}"})
        return too_often(client.post("/accounts/password/reset/", {"email": f"u{number}@x.example"}))

    assert [ask(number, HERE) for number in range(21)] == [False] * 20 + [True]
    assert not ask(99, THERE)


def test_passwords_are_changed_five_times_a_minute(database_cache: None) -> None:
    client = sign_in(factories.make_cast(now=clock.now()).iberia.owner)
    wrong = {"oldpassword": "no", "password1": "x", "password2": "x"}
    assert tries(6, "/accounts/password/change/", [client], **wrong) == [False] * 5 + [True]
