"""Many tenants share few connections: PgBouncer in transaction mode gives each transaction any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from customers.models import Customer
from ondemand import clock
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from ondemand.tenancy.owner import as_owner
from signup.models import PageVisits
from tests import factories
from tests.conftest import long_share
from tests.counts import say
from tests.factories import House, sign_in
from tests.pooler import Pooler

CODES = ("avocet", "bittern", "curlew", "dunlin", "egret", "fulmar", "gannet", "heron")
REQUESTS = 150  # of each tenant
T = TypeVar("T")


@dataclass(frozen=True)
class Tenant:
    """A partner and its customer; the partner's code stands in every name of theirs."""

    house: House
    customer: Customer
    person: User

    @property
    def mark(self) -> str:
        return self.house.partner.code

    def visit(self, stranger: Tenant, count: int) -> list[str]:
        """Ask for pages in turn, as the partner, the customer and anyone; what was wrong, in words."""
        member, person, anyone = sign_in(self.house.owner), sign_in(self.person), Client()
        for browser in (member, person, anyone):
            browser.raise_request_exception = False
        sign_up = f"/signup/{self.house.campaign.slug}/"
        pages = [
            (anyone, sign_up, 200),
            (person, "/account/", 200),
            (member, "/customers/", 200),
            (member, f"/customers/{stranger.customer.pk}/", 404),
            (member, f"/customers/{self.customer.pk}/", 200),
            (member, "/dashboard/", 200),
            (member, "/instances/", 200),
            (member, "/commissions/", 200),
        ]
        return [
            problem
            for browser, path, status in islice(cycle(pages), count)
            for problem in self.problems(path, status, browser.get(path))
        ]

    def problems(self, path: str, status: int, answer: Any) -> Iterator[str]:
        text = answer.content.decode().lower()
        if answer.status_code != status:
            yield f"{self.mark} {path}: {answer.status_code}"
        elif status == 200 and self.mark not in text:
            yield f"{self.mark} {path}: without its own mark"
        for other in CODES:
            if other != self.mark and other in text:
                yield f"{self.mark} {path}: shows {other}"


@pytest.fixture
def tenants(fresh_database: str) -> list[Tenant]:
    now = clock.now()
    plan = factories.make_plan(now=now)
    made = []
    for code in CODES:
        house = factories.make_house(code=code, product=plan.product, now=now)
        customer = factories.make_customer(house=house, plan=plan, now=now, name=f"{code} S.L.")
        factories.make_instance(customer=customer, now=now)
        factories.make_earnings(customer=customer, at=now)
        made.append(Tenant(house, customer, factories.make_person(customer=customer, email=f"ana@{code}.test")))
    return made


def at_once(*acts: Callable[[], T]) -> list[T]:
    """Each in a thread of its own, with connections of its own."""

    def run(act: Callable[[], T]) -> T:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_tenants_meet_their_own_rows_through_shared_connections(tenants: list[Tenant], pooler: Pooler) -> None:
    each = max(3, round(REQUESTS * long_share()))
    neighbours = zip(tenants, tenants[1:] + tenants[:1], strict=True)
    found = at_once(*[lambda one=one, other=other: one.visit(other, each) for one, other in neighbours])
    wrong = [problem for problems in found for problem in problems]
    say(
        f"{each * len(tenants)} requests of {len(tenants)} tenants through {pooler.size} connections: "
        f"{len(wrong)} wrong"
    )
    assert wrong == []
    assert pooler.held() <= pooler.size
    assert pooler.left() == set()
    with as_worker():
        visits = dict(PageVisits.objects.values_list("partner__code", "visits"))
    assert visits == dict.fromkeys(CODES, len(range(0, each, 8)))


def test_sign_ins_do_not_wait_for_each_others_rate_limits(
    tenants: list[Tenant], pooler: Pooler, database_cache: None
) -> None:
    """Each holds a connection and asks for one more: of one pool that would be too few for two at once."""

    def sign_in_wrongly(email: str) -> int:
        browser = Client(raise_request_exception=False)
        return browser.post("/accounts/login/", {"login": email, "password": "no"}).status_code

    owners = [tenant.house.owner.email for tenant in tenants[:4]]
    assert at_once(*[lambda email=email: sign_in_wrongly(email) for email in owners]) == [200] * 4


def test_migrations_go_past_the_pooler_by_the_owners_own_address(
    pooler: Pooler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its options, which PgBouncer would refuse."""
    monkeypatch.setitem(settings.OWNER_DATABASE, "OPTIONS", {"options": "-c statement_timeout=7s"})
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('statement_timeout')")
        assert cursor.fetchone() == ("portal_owner", "7s")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('statement_timeout')")
        assert cursor.fetchone() == ("portal_app", "0")
