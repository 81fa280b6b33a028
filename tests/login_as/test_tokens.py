"""The token: for the member who asked, with a reason, once, within a minute; its hash alone is kept."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.test import Client

from customers.models import LoginToken
from ondemand import clock
from ondemand.models import AuditEntry, Mail
from ondemand.scopes import SUPPORT_COOKIE
from ondemand.tenancy.context import as_worker
from tests.factories import sign_in, sign_in_anew
from tests.login_as.world import REASON, World, enter, inside, text, token_for, tokens


def test_the_way_from_the_customers_page_to_the_banner_and_out(world: World) -> None:
    browser = sign_in_anew(world.support)
    assert world.page in text(browser, f"/customers/{world.customer.pk}/")
    assert "Bodegas Vega" in text(browser, world.page)
    assert enter(browser, token_for(world, browser)) == 302
    for url in ("/account/", "/account/access/", "/dashboard/", "/customers/"):
        assert "You are in the account of Bodegas Vega" in text(browser, url)
    assert world.instance.name in text(browser, "/account/")
    out = browser.post("/account/support/end/")
    assert (out.status_code, out["Location"]) == (302, f"/customers/{world.customer.pk}/")
    assert browser.get("/account/").status_code == 403
    assert "You are in the account" not in text(browser, "/dashboard/")


def test_the_password_is_asked_for_again(world: World) -> None:
    answer = sign_in(world.owner).get(world.page)
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/reauthenticate/")
    assert not tokens()


@pytest.mark.parametrize("reason", ["", "   ", "why", "x" * 201, "till\x00till"])
def test_without_a_reason_there_is_no_token(world: World, reason: str) -> None:
    answer = sign_in_anew(world.owner).post(world.page, {"reason": reason})
    assert (answer.status_code, tokens()) == (200, [])


def test_the_page_with_the_token_uses_nothing_up_and_is_kept_nowhere(world: World) -> None:
    browser = sign_in_anew(world.owner)
    answer = browser.post(world.page, {"reason": REASON})
    assert answer["Cache-Control"] == "no-store"
    assert browser.get("/account/support/enter/").status_code == 405
    assert tokens()[0].used_at is None


def test_of_token_and_session_the_hashes_alone_are_kept(world: World) -> None:
    browser = sign_in_anew(world.owner)
    secret = token_for(world, browser)
    enter(browser, secret)
    session = browser.cookies[SUPPORT_COOKIE].value
    (row,) = tokens()
    assert row.digest == hashlib.sha256(secret.encode()).hexdigest()
    assert row.session_digest == hashlib.sha256(session.encode()).hexdigest()
    with as_worker():
        kept = str(list(LoginToken.objects.values())) + str(list(AuditEntry.objects.values()))
        kept += str(list(Mail.objects.values()))
    assert secret not in kept
    assert session not in kept


def test_a_token_works_once(world: World) -> None:
    browser = sign_in_anew(world.owner)
    secret = token_for(world, browser)
    assert enter(browser, secret) == 302
    browser.post("/account/support/end/")
    assert enter(browser, secret) == 403
    assert browser.get("/account/").status_code == 403


def test_a_token_lives_for_a_minute(world: World, later: list[timedelta]) -> None:
    browser = sign_in_anew(world.owner)
    secret = token_for(world, browser)
    later.append(timedelta(seconds=60))
    assert enter(browser, secret) == 403


def test_a_newer_token_cancels_the_older(world: World) -> None:
    browser = sign_in_anew(world.owner)
    older, newer = token_for(world, browser), token_for(world, browser)
    assert (enter(browser, older), enter(browser, newer)) == (403, 302)


def test_a_token_is_for_the_member_who_asked(world: World) -> None:
    secret = token_for(world, sign_in_anew(world.owner))
    assert enter(sign_in(world.support), secret) == 403
    assert Client().post("/account/support/enter/", {"token": secret}).status_code == 302  # to the sign-in
    assert tokens()[0].used_at is None


@pytest.mark.parametrize("token", ["", "\x00", "\ud800", "x" * 1_000_000, "' OR 1=1 --", "é"])
def test_a_token_that_is_none_opens_nothing(world: World, token: str) -> None:
    browser = sign_in(world.owner)
    assert enter(browser, token.encode(errors="replace").decode()) == 403
    assert SUPPORT_COOKIE not in browser.cookies


def test_ten_an_hour_are_the_limit(world: World) -> None:
    browser = sign_in_anew(world.owner)
    for _ in range(10):
        token_for(world, browser)
    assert "the limit" in browser.get(world.page).content.decode()
    refused = browser.post(world.page, {"reason": REASON})
    assert (refused.status_code, len(tokens())) == (403, 10)
    assert token_for(world, sign_in_anew(world.support))
    with as_worker():
        LoginToken.objects.update(created_at=clock.now() - timedelta(hours=1))
    assert token_for(world, browser)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_strangers_customer_is_not_found(world: World, method: str) -> None:
    browser = sign_in_anew(world.cast.nordic.owner)
    assert getattr(browser, method)(world.page, {"reason": REASON}).status_code == 404
    assert sign_in(world.cast.nordic.owner).get(world.page).status_code == 404
    assert not tokens()


def test_finance_has_no_business_there(world: World) -> None:
    browser = sign_in_anew(world.cast.iberia.finance)
    assert browser.get(world.page).status_code == 403
    assert browser.post(world.page, {"reason": REASON}).status_code == 403
    assert world.page not in text(browser, f"/customers/{world.customer.pk}/")


def test_from_within_an_account_no_other_is_entered(world: World) -> None:
    other = world.other_customer()
    browser = inside(world)
    assert browser.get(f"/customers/{other.pk}/login/").status_code == 403
    assert browser.post(f"/customers/{other.pk}/login/", {"reason": REASON}).status_code == 403
    without_cookie = sign_in_anew(world.owner)
    assert without_cookie.post(f"/customers/{other.pk}/login/", {"reason": REASON}).status_code == 403
    assert len(tokens()) == 1
