"""The demo's history, a short one, on the real stand-ins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from customers.models import CreditNote, Customer, Dispute, Refund
from ondemand import clock, hints
from ondemand.demo.agreement import problems
from ondemand.demo.companies import EU
from ondemand.demo.history import History
from ondemand.demo.sweeps import sweep
from ondemand.tenancy.context import as_worker
from payments.models import Payment
from tests.conftest import in_ci
from tests.path.conftest import park, standin, stripe_base, walk
from tests.path.rows import rows
from tests.path.walk import Walk

pytestmark = in_ci

__all__ = ["park", "standin", "stripe_base", "walk"]

LENGTH = timedelta(days=100)
COMPANIES = (
    replace(EU[0], joined=97, story="refunded"),
    replace(EU[3], joined=88, story="disputed"),
    replace(EU[6], joined=75, story="credited"),
    replace(EU[11], joined=73, story="past_due"),
    replace(EU[2], joined=0),
)


@pytest.fixture
def history(walk: Walk) -> Iterator[History]:
    with hints.muted():
        made = History(clock.now(), LENGTH, COMPANIES)
        made.make(lambda percent, at: None)
        yield made
    walk.park.call("POST", "settings", {"send_heartbeats": False, "boot_seconds": 0})


def test_a_history_agrees_with_stripe_to_the_cent_and_sweeping_again_changes_no_row(history: History) -> None:
    assert problems() == []
    with as_worker():
        refunded = Refund.objects.get()
        disputes = sorted(Dispute.objects.values_list("state", flat=True))
        credited = CreditNote.objects.get()
        in_credit = list(Customer.objects.exclude(balance=0).values_list("pk", "balance"))
        states = set(Customer.objects.values_list("state", flat=True))
        paid = Payment.objects.filter(state=Payment.State.PAID).count()
    assert refunded.amount > 0 and paid > 0
    assert disputes == [Dispute.State.LOST, Dispute.State.NEEDS_RESPONSE]
    assert in_credit == [(credited.customer_id, -credited.amount)]
    assert states == {Customer.State.PAID, Customer.State.PAST_DUE}

    before = rows()
    sweep(clock.now())
    assert rows() == before
