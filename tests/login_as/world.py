"""A partner, its customer with an instance, and the way in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.test import Client

from customers.models import Customer, LoginToken
from instances.models import Instance
from ondemand import clock
from ondemand.models import AuditEntry, User
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.factories import Cast, sign_in_anew

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

    @property
    def owner(self) -> User:
        return self.cast.iberia.owner

    @property
    def support(self) -> User:
        return self.cast.iberia.support

    def other_customer(self) -> Customer:
        """Of the same partner."""
        return factories.make_customer(house=self.cast.iberia, plan=self.cast.plan, now=self.cast.now)


def make_world() -> World:
    cast = factories.make_cast(now=clock.now())
    customer = factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now, name="Bodegas Vega")
    ana = factories.make_person(customer=customer, email="ana@vega.example")
    return World(cast, customer, ana, factories.make_instance(customer=customer, now=cast.now))


def token_for(world: World, browser: Client) -> str:
    page = browser.post(world.page, {"reason": REASON}).content.decode()
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found, page
    return found[1]


def enter(browser: Client, token: str) -> int:
    return browser.post("/account/support/enter/", {"token": token}).status_code


def inside(world: World, user: User | None = None) -> Client:
    """The browser of a member, by default the partner's owner, in the customer's account."""
    browser = sign_in_anew(user or world.owner)
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
