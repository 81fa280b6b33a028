"""The customer knows who was there and why, and has the last word."""

from __future__ import annotations

import pytest

from customers.models import LoginToken, Person
from ondemand.models import Mail
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.factories import sign_in, sign_in_anew
from tests.login_as.world import REASON, World, enter, inside, text, token_for, tokens


def test_the_owners_are_mailed_who_came_and_why(world: World) -> None:
    gone = factories.make_person(customer=world.customer, email="gone@vega.example")
    with as_worker():
        Person.objects.filter(user=gone).update(active=False)
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


def test_a_customer_who_refuses_is_not_entered(world: World) -> None:
    ana, browser = sign_in(world.ana), sign_in_anew(world.owner)
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
    stranger = sign_in(factories.make_person(customer=world.other_customer(), email="eva@other.example"))
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
