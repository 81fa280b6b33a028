"""Log in as customer: by token, for once, for half an hour, to read; and the customer knows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from customers import support
from customers.models import Customer, LoginToken, Person
from customers.support import LoginRefused
from instances.models import Instance
from ondemand import clock
from ondemand.models import AuditEntry, Mail, User
from ondemand.scopes import SUPPORT_COOKIE
from ondemand.tenancy.context import as_worker
from partners.models import Member
from tests import factories
from tests.conftest import long_share
from tests.factories import Cast, House, sign_in, sign_in_anew

REASON = "The till prints nothing"


@dataclass
class World:
    cast: Cast
    customer: Customer
    ana: User
    instance: Instance

    @property
    def page(self) -> str:
        return f"/customers/{self.customer.pk}/login/"


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def make_world() -> World:
    cast = factories.make_cast(now=clock.now())
    customer = factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now, name="Bodegas Vega")
    ana = factories.make_person(customer=customer, email="ana@vega.example")
    return World(cast, customer, ana, factories.make_instance(customer=customer, now=cast.now))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[timedelta]]:
    """Append how much later it is."""
    gone: list[timedelta] = []
    begun = clock.now()
    for place in ("customers.views.login_as", "customers.views.access", "ondemand.scopes"):
        monkeypatch.setattr(f"{place}.now", lambda: begun + sum(gone, timedelta()))
    yield gone


def token_for(world: World, browser: Client) -> str:
    page = browser.post(world.page, {"reason": REASON}).content.decode()
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found, page
    return found[1]


def enter(browser: Client, token: str) -> int:
    return browser.post("/account/support/enter/", {"token": token}).status_code


def inside(world: World, user: User | None = None) -> Client:
    browser = sign_in_anew(user or world.cast.iberia.owner)
    assert enter(browser, token_for(world, browser)) == 302
    return browser


def trail() -> list[AuditEntry]:
    with as_worker():
        return list(AuditEntry.objects.filter(verb__startswith="login_as.").order_by("pk"))


def tokens() -> list[LoginToken]:
    with as_worker():
        return list(LoginToken.objects.order_by("pk"))


def text(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


def test_the_way_from_the_customers_page_to_the_banner_and_out(world: World) -> None:
    browser = sign_in_anew(world.cast.iberia.support)
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
    answer = sign_in(world.cast.iberia.owner).get(world.page)
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/reauthenticate/")
    assert not tokens()


@pytest.mark.parametrize("reason", ["", "   ", "why", "x" * 201, "till\x00till"])
def test_without_a_reason_there_is_no_token(world: World, reason: str) -> None:
    answer = sign_in_anew(world.cast.iberia.owner).post(world.page, {"reason": reason})
    assert (answer.status_code, tokens()) == (200, [])


def test_the_page_with_the_token_uses_nothing_up_and_is_kept_nowhere(world: World) -> None:
    browser = sign_in_anew(world.cast.iberia.owner)
    answer = browser.post(world.page, {"reason": REASON})
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert browser.get("/account/support/enter/").status_code == 405
    assert tokens()[0].used_at is None


def test_of_token_and_session_the_hashes_alone_are_kept(world: World) -> None:
    browser = sign_in_anew(world.cast.iberia.owner)
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


def test_the_cookie_is_its_own_and_out_of_scripts_reach(world: World) -> None:
    cookie = inside(world).cookies[SUPPORT_COOKIE]
    assert cookie.key == "ondemand_eu_support"
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"], cookie["path"]) == (True, "Strict", 1800, "/")


def test_a_token_works_once(world: World) -> None:
    browser = sign_in_anew(world.cast.iberia.owner)
    secret = token_for(world, browser)
    assert enter(browser, secret) == 302
    browser.post("/account/support/end/")
    assert enter(browser, secret) == 403
    assert browser.get("/account/").status_code == 403


def test_a_token_lives_for_a_minute(world: World, later: list[timedelta]) -> None:
    browser = sign_in_anew(world.cast.iberia.owner)
    secret = token_for(world, browser)
    later.append(timedelta(seconds=60))
    assert enter(browser, secret) == 403


def test_a_newer_token_cancels_the_older(world: World) -> None:
    browser = sign_in_anew(world.cast.iberia.owner)
    older, newer = token_for(world, browser), token_for(world, browser)
    assert (enter(browser, older), enter(browser, newer)) == (403, 302)


def test_a_token_is_for_the_member_who_asked(world: World) -> None:
    secret = token_for(world, sign_in_anew(world.cast.iberia.owner))
    assert enter(sign_in(world.cast.iberia.support), secret) == 403
    assert Client().post("/account/support/enter/", {"token": secret}).status_code == 302  # to the sign-in
    assert tokens()[0].used_at is None


@pytest.mark.parametrize("token", ["", "\x00", "\ud800", "x" * 1_000_000, "' OR 1=1 --", "é"])
def test_a_token_that_is_none_opens_nothing(world: World, token: str) -> None:
    browser = sign_in(world.cast.iberia.owner)
    assert enter(browser, token.encode(errors="replace").decode()) == 403
    assert SUPPORT_COOKIE not in browser.cookies


def test_a_session_ends_after_half_an_hour_whatever_was_done(world: World, later: list[timedelta]) -> None:
    browser = inside(world)
    later.append(timedelta(minutes=29, seconds=59))
    assert browser.get("/account/").status_code == 200
    later.append(timedelta(seconds=1))
    assert browser.get("/account/").status_code == 403


def test_ten_an_hour_are_the_limit(world: World) -> None:
    browser = sign_in_anew(world.cast.iberia.owner)
    for _ in range(10):
        token_for(world, browser)
    refused = browser.post(world.page, {"reason": REASON})
    assert (refused.status_code, len(tokens())) == (403, 10)
    assert token_for(world, sign_in_anew(world.cast.iberia.support))
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


FORBIDDEN = [
    ("post", "/account/card/"),
    ("get", "/account/order/"),
    ("post", "/account/order/"),
    ("post", "/account/"),
    ("post", "/account/access/"),
    ("get", "/account/help/"),
    ("post", "/account/help/"),
    ("get", "/account/activity/"),
    ("post", "/account/access/allow/"),
    ("post", "/account/access/1/end/"),
    ("post", "/account/support/enter/"),
    ("get", "/account/team/"),
    ("post", "/account/team/"),
    ("get", "/account/anything/"),
    ("get", "/accounts/email/"),
    ("post", "/accounts/email/"),
    ("get", "/accounts/password/change/"),
    ("post", "/accounts/password/change/"),
    ("post", "/accounts/password/set/"),
    ("post", "/accounts/password/reset/"),
    ("get", "/accounts/2fa/"),
    ("post", "/accounts/2fa/totp/activate/"),
    ("post", "/accounts/2fa/totp/deactivate/"),
    ("post", "/accounts/2fa/recovery-codes/generate/"),
    ("post", "/accounts/2fa/webauthn/add/"),
    ("post", "/signup/iberia-obps/"),
]


def test_within_an_account_everything_else_is_refused(world: World) -> None:
    browser = inside(world)
    answers = {(method, url): getattr(browser, method)(url).status_code for method, url in FORBIDDEN}
    assert answers == dict.fromkeys(FORBIDDEN, 403)
    assert browser.get("/account/").status_code == 200


def test_from_within_an_account_no_other_is_entered(world: World) -> None:
    other = factories.make_customer(house=world.cast.iberia, plan=world.cast.plan, now=world.cast.now)
    browser = inside(world)
    assert browser.get(f"/customers/{other.pk}/login/").status_code == 403
    assert browser.post(f"/customers/{other.pk}/login/", {"reason": REASON}).status_code == 403
    without_cookie = sign_in_anew(world.cast.iberia.owner)
    assert without_cookie.post(f"/customers/{other.pk}/login/", {"reason": REASON}).status_code == 403
    assert len(tokens()) == 1


def test_a_member_meets_that_customer_alone(world: World) -> None:
    other = factories.make_customer(house=world.cast.iberia, plan=world.cast.plan, now=world.cast.now)
    hidden = factories.make_instance(customer=other, now=world.cast.now)
    page = text(inside(world), "/account/")
    assert world.instance.name in page
    assert hidden.name not in page


def test_support_members_meet_no_money_there(world: World) -> None:
    factories.make_invoice(customer=world.customer, at=world.cast.now)
    factories.make_cycle(instance=world.instance, now=world.cast.now)
    assert "€" not in text(inside(world, world.cast.iberia.support), "/account/")
    assert "€" in text(inside(world), "/account/")


def test_a_customer_who_refuses_is_not_entered(world: World) -> None:
    ana, browser = sign_in(world.ana), sign_in_anew(world.cast.iberia.owner)
    waiting = token_for(world, browser)
    assert ana.post("/account/access/allow/", {"allow": "no"}).status_code == 302
    assert enter(browser, waiting) == 403
    assert browser.get(world.page).status_code == 403
    assert browser.post(world.page, {"reason": REASON}).status_code == 403
    assert world.page not in text(browser, f"/customers/{world.customer.pk}/")
    ana.post("/account/access/allow/", {"allow": "yes"})
    assert enter(browser, token_for(world, browser)) == 302


def test_a_refusal_ends_who_is_there(world: World) -> None:
    browser = inside(world)
    sign_in(world.ana).post("/account/access/allow/", {"allow": "no"})
    assert browser.get("/account/").status_code == 403
    assert tokens()[0].ending == LoginToken.Ending.REFUSED


def test_a_customer_ends_a_session(world: World) -> None:
    browser, ana = inside(world), sign_in(world.ana)
    assert "is in this account now" in text(ana, "/account/access/")
    assert ana.post(f"/account/access/{tokens()[0].pk}/end/").status_code == 302
    assert browser.get("/account/").status_code == 403
    assert "is in this account now" not in text(ana, "/account/access/")


def test_nobody_ends_another_customers_session(world: World) -> None:
    other = factories.make_customer(house=world.cast.iberia, plan=world.cast.plan, now=world.cast.now)
    stranger = sign_in(factories.make_person(customer=other, email="eva@other.example"))
    browser = inside(world)
    assert stranger.post(f"/account/access/{tokens()[0].pk}/end/").status_code == 404
    assert browser.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("role", "statuses"), [("owner", (200, 302, 302)), ("technical", (200, 403, 302)), ("billing", (403, 403, 403))]
)
def test_who_of_the_customer_sees_refuses_and_ends(world: World, role: str, statuses: tuple[int, ...]) -> None:
    inside(world)
    factories.make_person(customer=world.customer, email="eva@vega.example")  # an owner stays
    with as_worker():
        Person.objects.filter(user=world.ana).update(role=role)
    ana = sign_in(world.ana)
    seen = ana.get("/account/access/").status_code
    refused = ana.post("/account/access/allow/", {"allow": "no"}).status_code
    ended = ana.post(f"/account/access/{tokens()[0].pk}/end/").status_code
    assert (seen, refused, ended) == statuses


def test_it_ends_when_the_member_is_disabled(world: World) -> None:
    browser = inside(world, world.cast.iberia.support)
    mine = Member.objects.filter(user=world.cast.iberia.support)
    with as_worker():
        mine.update(active=False)
    assert browser.get("/account/").status_code == 403
    with as_worker():
        mine.update(active=True)
    assert browser.get("/account/").status_code == 403
    assert tokens()[0].ending == LoginToken.Ending.DISABLED


def test_it_ends_when_the_role_is_taken_away(world: World) -> None:
    browser = inside(world, world.cast.iberia.support)
    with as_worker():
        Member.objects.filter(user=world.cast.iberia.support).update(role=Member.Role.FINANCE)
    assert browser.get("/account/").status_code == 403


def test_it_ends_when_the_person_is_disabled(world: World) -> None:
    browser = inside(world, world.cast.iberia.support)
    with as_worker():
        User.objects.filter(pk=world.cast.iberia.support.pk).update(is_active=False)
    assert browser.get("/account/")["Location"].startswith("/accounts/login/")


def test_the_cookie_is_nothing_without_its_member(world: World) -> None:
    cookie = inside(world).cookies[SUPPORT_COOKIE].value
    other = sign_in(world.cast.iberia.support)
    other.cookies[SUPPORT_COOKIE] = cookie
    assert other.get("/account/").status_code == 403


def test_end_ends_what_runs_in_another_browser(world: World) -> None:
    browser = inside(world)
    sign_in(world.cast.iberia.owner).post("/account/support/end/")
    assert browser.get("/account/").status_code == 403


def test_the_customer_is_mailed_who_came_and_why(world: World) -> None:
    inside(world)
    with as_worker():
        mail = Mail.objects.get(key__startswith="login-as-")
    assert mail.recipient == world.ana.email
    for words in ("owner@iberia.example", "Iberia", REASON, "/account/access/"):
        assert words in mail.text


def test_the_customer_and_the_partner_read_who_was_there(world: World) -> None:
    browser = inside(world)
    for page in (text(sign_in(world.ana), "/account/access/"), text(browser, f"/customers/{world.customer.pk}/")):
        assert "owner@iberia.example" in page
        assert REASON in page


def test_every_entry_names_the_member_and_the_customer(world: World) -> None:
    browser = inside(world)
    sign_in(world.ana).post(f"/account/access/{tokens()[0].pk}/end/")
    enter(browser, token_for(world, browser))
    browser.post("/account/support/end/")
    entries = trail()
    verbs = ["login_as.token", "login_as.entered", "login_as.ended"] * 2
    assert [entry.verb for entry in entries] == verbs
    assert [entry.actor for entry in entries] == [
        "owner@iberia.example" if number != 2 else "ana@vega.example" for number in range(6)
    ]
    for entry in entries:
        assert "owner@iberia.example" in entry.detail["member"]
        assert (entry.customer_id, entry.target) == (world.customer.pk, "Bodegas Vega")
        assert entry.partner_id == world.cast.iberia.partner.pk


def test_a_refusal_is_written_down_once(world: World) -> None:
    ana = sign_in(world.ana)
    for _ in range(2):
        ana.post("/account/access/allow/", {"allow": "no"})
    assert [(entry.verb, entry.actor) for entry in trail()] == [("login_as.refused", "ana@vega.example")]


def racers_in(house: House, secret: str, count: int, at: datetime) -> int:
    """How many of so many at once come in."""
    start = Barrier(count)

    def race(_: int) -> bool:
        start.wait(30)
        try:
            with as_worker():
                support.enter(secret, by=house.owner, now=at)
        except LoginRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(race, range(count)))


def test_of_sixteen_at_once_one_comes_in(fresh_database: str) -> None:
    world = make_world()
    house, rounds, at = world.cast.iberia, max(1, round(100 * long_share())), clock.now()
    winners = []
    for number in range(rounds):
        moment = at + timedelta(hours=number)
        with as_worker():
            secret = support.issue(
                world.customer.pk, by=house.owner, partner_id=house.partner.pk, reason=REASON, now=moment
            )
        winners.append(racers_in(house, secret, 16, moment))
    print(f"login token: {rounds} × 16 racers, winners {set(winners)}")
    assert winners == [1] * rounds


def test_a_session_without_an_end_is_refused_by_the_database(world: World) -> None:
    inside(world)
    with pytest.raises(IntegrityError, match="login_session_ends"), as_worker():
        LoginToken.objects.update(session_expires_at=None)
