"""The session within a customer's account: a cookie of its own, half an hour, that customer alone; and its ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from customers import tasks
from customers.models import Customer, LoginToken
from ondemand import clock
from ondemand.models import User
from ondemand.scopes import SUPPORT_COOKIE
from ondemand.tenancy.context import as_worker
from partners.models import Member, Partner
from tests import factories
from tests.factories import sign_in, sign_in_anew
from tests.login_as.world import World, enter, inside, text, token_for, tokens, trail


def test_the_cookie_is_its_own_and_out_of_scripts_reach(world: World) -> None:
    cookie = inside(world).cookies[SUPPORT_COOKIE]
    assert cookie.key == "ondemand_eu_support"
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"], cookie["path"]) == (True, "Strict", 1800, "/")


def test_in_production_the_cookie_is_sent_by_https_to_this_host_alone(world: World, settings: Any) -> None:
    """As the prefix __Host- of its name there asks: secure, of the whole host and of no domain."""
    settings.PRODUCTION = True
    cookie = inside(world).cookies[SUPPORT_COOKIE]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


def test_the_cookie_is_nothing_without_its_member(world: World) -> None:
    cookie = inside(world).cookies[SUPPORT_COOKIE].value
    other = sign_in(world.support)
    other.cookies[SUPPORT_COOKIE] = cookie
    assert other.get("/account/").status_code == 403


def test_a_member_meets_that_customer_alone(world: World) -> None:
    hidden = factories.make_instance(customer=world.other_customer(), now=world.cast.now)
    page = text(inside(world), "/account/")
    assert world.instance.name in page
    assert hidden.name not in page


def test_support_members_meet_no_money_there(world: World) -> None:
    factories.make_invoice(customer=world.customer, at=world.cast.now)
    factories.make_cycle(instance=world.instance, now=world.cast.now)
    assert "€" not in text(inside(world, world.support), "/account/")
    assert "€" in text(inside(world), "/account/")


def test_it_ends_after_half_an_hour_whatever_was_done(world: World, later: list[timedelta]) -> None:
    browser = inside(world)
    later.append(timedelta(minutes=29, seconds=59))
    assert browser.get("/account/").status_code == 200
    later.append(timedelta(seconds=1))
    assert browser.get("/account/").status_code == 403


def test_end_ends_what_runs_in_another_browser(world: World) -> None:
    browser = inside(world)
    sign_in(world.owner).post("/account/support/end/")
    assert browser.get("/account/").status_code == 403


def test_who_signs_out_has_left_the_account(world: World) -> None:
    browser = inside(world)
    browser.post("/accounts/logout/")
    assert tokens()[0].ending == LoginToken.Ending.MEMBER
    assert token_for(world, sign_in_anew(world.owner))  # nothing runs that would have to be ended first


def disable_member(world: World) -> None:
    Member.objects.filter(user=world.support).update(active=False)


def take_the_role(world: World) -> None:
    Member.objects.filter(user=world.support).update(role=Member.Role.FINANCE)


def suspend_partner(world: World) -> None:
    Partner.objects.filter(pk=world.customer.partner_id).update(state=Partner.State.SUSPENDED)


def end_agreement(world: World) -> None:
    Partner.objects.filter(pk=world.customer.partner_id).update(state=Partner.State.LEFT)


def disable_person(world: World) -> None:
    User.objects.filter(pk=world.support.pk).update(is_active=False)


Loss = Callable[[World], None]


@pytest.mark.parametrize("lose", [disable_member, take_the_role, suspend_partner, end_agreement])
def test_it_ends_when_the_right_ends_and_does_not_come_back_with_it(world: World, lose: Loss) -> None:
    browser = inside(world, world.support)
    with as_worker():
        lose(world)
    assert browser.get("/account/").status_code == 403
    with as_worker():
        Member.objects.filter(user=world.support).update(active=True, role=Member.Role.SUPPORT)
        Partner.objects.update(state=Partner.State.ACTIVE)
    assert browser.get("/account/").status_code == 403
    assert tokens()[0].ending == LoginToken.Ending.RIGHT


def test_it_ends_when_the_person_is_disabled(world: World) -> None:
    browser = inside(world, world.support)
    with as_worker():
        disable_person(world)
    assert browser.get("/account/")["Location"].startswith("/accounts/login/")


def test_it_ends_when_the_customer_becomes_another_partners(world: World) -> None:
    browser = inside(world, world.support)
    with as_worker():
        Customer.objects.filter(pk=world.customer.pk).update(partner=world.cast.nordic.partner)
    assert browser.get("/account/").status_code == 403
    assert tokens()[0].ending == LoginToken.Ending.RIGHT


@pytest.mark.parametrize("lose", [disable_member, take_the_role, end_agreement])
def test_without_the_right_no_token_opens_anything(world: World, lose: Loss) -> None:
    browser = sign_in_anew(world.support)
    secret = token_for(world, browser)
    with as_worker():
        lose(world)
    enter(browser, secret)
    assert tokens()[0].used_at is None


@pytest.mark.parametrize("lose", [disable_member, disable_person])
def test_a_right_that_ended_is_found_without_another_request(world: World, lose: Loss) -> None:
    """So that the customer does not read that somebody is in there who no longer can be."""
    inside(world, world.support)
    inside(world)
    with as_worker():
        lose(world)
    tasks.sweep()
    lost, others = tokens()
    assert (lost.ending, trail()[-1].actor) == (LoginToken.Ending.RIGHT, "platform")
    with as_worker():
        assert LoginToken.objects.running(clock.now()).get() == others


def test_a_session_without_an_end_is_refused_by_the_database(world: World) -> None:
    inside(world)
    with pytest.raises(IntegrityError, match="login_session_ends"), as_worker():
        LoginToken.objects.update(session_expires_at=None)
