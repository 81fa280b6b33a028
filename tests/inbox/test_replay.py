"""All that Stripe ever rang comes again, twice: no row changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

import ondemand.tasks
from commissions.tasks import accrue
from customers.models import InvoicePayment
from ondemand.models import StripeEvent
from ondemand.tenancy.context import as_worker
from tests.conftest import in_ci
from tests.counts import say
from tests.inbox.events import SECRET, ring
from tests.path.rows import rows
from tests.path.walk import Walk

pytestmark = in_ci

INBOX = "ondemand_stripeevent: "


@pytest.fixture
def lived(walk: Walk, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """A customer with a month, a refund, a cancellation and their commissions; the clock stands still from here on."""
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    walk.enrol()
    walk.offer()
    walk.customer_pays_a_month(client)
    with as_worker():
        payment = InvoicePayment.objects.exclude(payment_intent="").select_related("invoice").latest("pk")
    walk.standin.v1.refunds.create({"payment_intent": payment.payment_intent, "amount": 700})
    walk.standin.v1.subscriptions.cancel(payment.invoice.subscription_stripe_id)
    now = walk.now
    monkeypatch.setattr("ondemand.clock.now", lambda: now)
    ondemand.tasks.poll_events()
    return walk


def take_and_accrue(walk: Walk) -> None:
    walk.take_events()
    accrue()


def test_all_events_twice_change_nothing(lived: Walk, client: Client) -> None:
    take_and_accrue(lived)
    take_and_accrue(lived)
    before = rows()
    page = lived.stripe("/v1/events?limit=100")
    events = page["data"]
    assert not page["has_more"]
    for event in 2 * events:
        assert ring(client, json.dumps(event)) == 200
    take_and_accrue(lived)
    changed = rows() ^ before
    say(f"{2 * len(events)} events came again, of {len(before)} rows {len(changed)} changed")
    assert changed == set()


def test_every_object_looked_at_twice_more_changes_nothing(lived: Walk) -> None:
    """As after a restore: whatever waited, waits again."""
    take_and_accrue(lived)
    before = rows()
    for _ in range(2):
        with as_worker():
            again = StripeEvent.objects.filter(state=StripeEvent.State.DONE).update(state=StripeEvent.State.WAITING)
        take_and_accrue(lived)
    changed = {row for row in rows() ^ before if not row.startswith(INBOX)}
    say(f"{again} events taken twice again, of {len(before)} rows {len(changed)} changed")
    assert again > 10
    assert changed == set()
