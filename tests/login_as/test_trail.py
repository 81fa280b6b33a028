"""Each entry of the audit trail names the member and the customer; what was tried in vain has one as well."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ondemand.models import AuditEntry
from ondemand.tenancy.context import as_worker
from tests.factories import sign_in, sign_in_anew
from tests.login_as.world import REASON, World, enter, inside, token_for, tokens, trail


def named(world: World, entry: AuditEntry) -> bool:
    """Whether it says who was meant and whose account it is."""
    whose = (entry.partner_id, entry.customer_id, entry.target)
    return whose == (world.customer.partner_id, world.customer.pk, "Bodegas Vega") and bool(entry.detail["member"])


def denied() -> list[AuditEntry]:
    return [entry for entry in trail() if entry.verb == "login_as.denied"]


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
    assert {entry.detail["member"] for entry in entries} == {"owner@iberia.example"}
    assert all(named(world, entry) for entry in entries)


def test_a_refusal_of_support_is_written_down_once(world: World) -> None:
    ana = sign_in(world.ana)
    for _ in range(2):
        ana.post("/account/access/allow/", {"allow": "no"})
    assert [(entry.verb, entry.actor) for entry in trail()] == [("login_as.refused", "ana@vega.example")]


def test_who_asks_where_support_is_refused_is_written_down(world: World) -> None:
    browser = sign_in_anew(world.owner)
    sign_in(world.ana).post("/account/access/allow/", {"allow": "no"})
    browser.post(world.page, {"reason": REASON})
    (entry,) = denied()
    assert (entry.actor, entry.detail["why"], entry.detail["reason"]) == ("owner@iberia.example", "refused", REASON)
    assert named(world, entry)


def test_who_asks_too_often_is_written_down(world: World) -> None:
    browser = sign_in_anew(world.owner)
    for _ in range(10):
        token_for(world, browser)
    browser.post(world.page, {"reason": REASON})
    (entry,) = denied()
    assert entry.detail["why"] == "often"
    assert named(world, entry)


def test_who_asks_in_another_browser_while_within_is_written_down(world: World) -> None:
    inside(world)
    sign_in_anew(world.owner).post(world.page, {"reason": REASON})
    (entry,) = denied()
    assert entry.detail["why"] == "nested"
    assert named(world, entry)


@pytest.mark.parametrize("why", ["used", "expired", "cancelled", "refused"])
def test_a_dead_token_is_written_down(world: World, later: list[timedelta], why: str) -> None:
    browser = sign_in_anew(world.owner)
    secret = token_for(world, browser)
    if why == "used":
        enter(browser, secret)
        browser.post("/account/support/end/")
    elif why == "expired":
        later.append(timedelta(minutes=1))
    elif why == "cancelled":
        token_for(world, browser)
    else:
        sign_in(world.ana).post("/account/access/allow/", {"allow": "no"})
    enter(browser, secret)
    (entry,) = denied()
    assert (entry.actor, entry.detail["why"]) == ("owner@iberia.example", why)
    assert named(world, entry)


def test_who_tries_anothers_token_is_written_down_beside_whose_it_was(world: World) -> None:
    secret = token_for(world, sign_in_anew(world.owner))
    enter(sign_in(world.support), secret)
    (entry,) = denied()
    assert (entry.actor, entry.detail["member"]) == ("support@iberia.example", "owner@iberia.example")
    assert named(world, entry)


def test_who_tries_a_token_that_is_none_is_written_down(world: World) -> None:
    enter(sign_in(world.owner), "no-such-token")
    (entry,) = denied()
    assert (entry.actor, entry.detail["why"], entry.customer_id) == ("owner@iberia.example", "unknown", None)


def test_what_a_member_tries_to_do_within_is_written_down(world: World) -> None:
    browser = inside(world)
    browser.post("/account/card/")
    browser.get("/account/team/")  # looking is no deed
    (entry,) = (entry for entry in trail() if entry.verb == "login_as.forbidden")
    assert (entry.actor, entry.detail["what"]) == ("owner@iberia.example", "account-card")
    assert named(world, entry)


def test_a_file_that_a_member_takes_meanwhile_names_the_account(world: World) -> None:
    inside(world).get("/customers/", {"export": "csv"})
    with as_worker():
        entry = AuditEntry.objects.get(verb="list.exported")
    assert (entry.actor, entry.detail["within"]) == ("owner@iberia.example", "Bodegas Vega")
