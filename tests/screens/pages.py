"""What the tests of screens share: rows behind them, a page as it is shown, a file as it is taken."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

from django.test import Client

from commissions.models import Commission
from customers.models import Customer
from instances.models import Instance
from ondemand import clock
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.factories import Cast, House

NOW = clock.now()
LISTS = ["/customers/", "/instances/", "/commissions/", "/payments/"]


def settle(house: House, world: Cast, name: str, amounts: tuple[int, ...] = (40_000,)) -> Customer:
    """A customer with a running instance and a commission that is payable now."""
    customer = factories.make_customer(house=house, plan=world.plan, now=NOW, name=name)
    factories.make_instance(customer=customer, now=NOW)
    factories.make_earnings(customer=customer, at=NOW - timedelta(days=40), amounts=amounts)
    return customer


def shown(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return str(answer.content.decode())


def file_of(client: Client, url: str) -> list[dict[str, str]]:
    answer = client.get(url)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def instance_of(customer: Customer) -> Instance:
    with as_worker():
        return Instance.objects.select_related("plan", "subscription").get(customer=customer)


def commissions_of(customer: Customer) -> list[Commission]:
    with as_worker():
        return list(Commission.objects.filter(customer_id=customer.pk).order_by("pk"))


def figure(page: str, label: str) -> str:
    found = re.search(rf"{label}</span><b>([^<]*)</b>", page)
    assert found, label
    return found[1]
