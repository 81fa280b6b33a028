"""A state that Stripe has newly and this version does not know: a row in the admin, and no harm to anything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import stripe

from customers import sync
from customers.models import Customer, Invoice
from ondemand import inbox
from ondemand.models import StripeEvent
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.conftest import in_ci
from tests.factories import sign_in
from tests.path.walk import WANTED, Walk
from tests.screens.pages import shown
from tests.states.desk import Desk

pytestmark = in_ci

KINDS = {
    "subscription": "/v1/subscriptions/",
    "invoice": "/v1/invoices/",
    "refund": "/v1/refunds/",
    "credit_note": "/v1/credit_notes/",
    "dispute": "/v1/disputes/",
}


@contextmanager
def newly(kind: str) -> Iterator[None]:
    """Stripe says of every object of this kind that it is frozen."""
    plain = stripe.RequestsClient.request

    def request(self: Any, method: str, url: str, *given: Any, **named: Any) -> Any:
        content: Any
        content, status, headers = plain(self, method, url, *given, **named)
        if KINDS[kind] in url and method.lower() == "get":
            content = json.dumps(json.loads(content) | {"status": "frozen"})
        return content, status, headers

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripe.RequestsClient, "request", request)
        yield


def everything(desk: Desk) -> None:
    """One object of each kind."""
    card = desk.v1.payment_methods.attach("pm_card_visa", {"customer": desk.customer}).id
    desk.v1.subscriptions.create(
        {"customer": desk.customer, "items": [{"price": desk.prices["base"]}], "default_payment_method": card}
    )
    first, second = (desk.pay(desk.open(lines=[("users", 2)]), payment_method=card) for _ in range(2))
    desk.refund(first, 100)
    desk.note(first, amount=100, credit_amount=100)
    desk.dispute(second)


def take(walk: Walk, hours: int) -> None:
    inbox.poll(wanted=WANTED, now=walk.now)
    for later in (0, 6):
        inbox.take(sync.KINDS, sync.sync, now=walk.now + timedelta(hours=hours + later))


@pytest.mark.parametrize("kind", KINDS)
def test_it_stands_in_the_admin_and_the_others_go_on(walk: Walk, desk: Desk, kind: str) -> None:
    everything(desk)
    with newly(kind):
        take(walk, 0)
    with as_worker():
        open_still = StripeEvent.objects.unfinished()
        about = set(open_still.values_list("object_kind", flat=True))
        errors = set(open_still.filter(object_kind=kind).values_list("error", flat=True))
        customer, known = Customer.objects.get(), Invoice.objects.exists()
    assert about == ({kind} if kind != "invoice" else {"invoice", "refund", "credit_note", "dispute"})
    assert known == (kind != "invoice")
    assert errors and all('is "frozen", which this version does not know' in error for error in errors)
    staff = sign_in(factories.make_user(email="staff@openbravo.example", is_staff=True))
    assert "which this version does not know" in shown(staff, "/admin/ondemand/stripeevent/")
    shown(sign_in(owner_of(customer)), customer.get_absolute_url())
    take(walk, 48)
    with as_worker():
        assert not StripeEvent.objects.unfinished().exists()


def owner_of(customer: Customer) -> Any:
    with as_worker():
        return customer.partner.members.get(role="owner").user
