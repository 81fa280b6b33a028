"""Whoever does something, and what the trail then holds."""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client

from customers.models import Customer
from ondemand import clock
from ondemand.models import AuditEntry, User
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.factories import Cast, sign_in

NOW = clock.now()
HERE = "192.0.2.7"
ANA = "ana@vega.example"


@dataclass
class World:
    cast: Cast
    customer: Customer
    ana: User

    def browser(self, user: User) -> Client:
        return sign_in(user, REMOTE_ADDR=HERE)

    @property
    def owner(self) -> Client:
        return self.browser(self.cast.iberia.owner)

    @property
    def staff(self) -> Client:
        return self.browser(self.cast.staff)


def make_world() -> World:
    cast = factories.make_cast(now=NOW)
    customer = factories.make_customer(house=cast.iberia, plan=cast.plan, now=NOW, name="Bodegas Vega")
    return World(cast, customer, factories.make_person(customer=customer, email=ANA))


def entries(verb: str) -> list[AuditEntry]:
    with as_worker():
        return list(AuditEntry.objects.filter(verb=verb).order_by("pk"))


def text(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return str(answer.content.decode())
