"""The chapter of the warnings: payments that fail, one that the bank wants confirmed, cards that end soon."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import stripe

import customers.tasks
import instances.tasks
from customers import sync, warnings
from customers.models import Invoice, Subscription
from instances.services.warnings import ask_to_confirm, warn_of_invoice
from ondemand import clock
from ondemand.tenancy.context import as_worker
from tests.path.walk import Walk

if TYPE_CHECKING:
    from tests.path.story import Story

FAILS, ASKS = "pm_card_chargeCustomerFail", "pm_card_authenticationRequired"


def tell(story: Story) -> None:
    failed = charged(story, FAILS)
    story.twice(warn_of_invoice, failed, now=story.now)
    to_confirm = charged(story, ASKS)
    story.twice(ask_to_confirm, to_confirm, now=story.now)
    charged(story, ASKS)
    charged(story, FAILS)
    story.twice(instances.tasks.warn)
    card_ends(story, "one")
    story.twice(customers.tasks.warn)
    card_ends(story, "two")
    story.twice(warnings.warn_of_card, story.subscription("two").pk, now=story.now)


def charged(story: Story, card: str) -> int:
    pk = unpaid(story.walk, story.subscription("one").customer.stripe_id, card)
    story.wait(seconds=2)
    return pk


def unpaid(walk: Walk, customer: str, card: str) -> int:
    """An invoice that this card did not pay."""
    v1 = walk.standin.v1
    made = v1.invoices.create({"customer": customer, "auto_advance": False})
    v1.invoice_items.create({"customer": customer, "invoice": made.id, "amount": 900, "currency": "eur"})
    v1.invoices.finalize_invoice(made.id)
    chosen: Any = {"payment_method": v1.payment_methods.attach(card, {"customer": customer}).id, "off_session": True}
    with suppress(stripe.CardError):
        v1.invoices.pay(made.id, chosen)
    with as_worker():
        sync.sync("invoice", made.id, walk.now)
        return Invoice.objects.get(stripe_id=made.id).pk


def card_ends(story: Story, name: str) -> None:
    row, soon = story.subscription(name).pk, clock.business_day(story.now) + timedelta(days=5)
    with as_worker():
        Subscription.objects.filter(pk=row).update(card_ends=soon)
