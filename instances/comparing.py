"""Pending invoice items as the nightly comparison with Stripe takes them. Here our count is the truth, not Stripe's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet

from customers.models import InvoiceLine
from instances.models import UsageCycle
from ondemand.comparing import CannotMend, Kind
from ondemand.gateway import usage


def _cycles() -> QuerySet[UsageCycle]:
    items = UsageCycle.objects.exclude(item_id="")
    return items.annotate(stripe_id=F("item_id"), quantity=F("pushed") - F("settled"))


def _uninvoiced() -> QuerySet[UsageCycle]:
    return _cycles().exclude(Exists(InvoiceLine.objects.filter(usage_cycle_id=OuterRef("pk"))))


def _pending(since: datetime | None) -> Iterator[usage.ItemFacts]:
    """However old: what waits for an invoice is short."""
    return usage.pending_items()


def _told(stripe_id: str, now: datetime) -> None:
    """Note what Stripe has; the sweep brings it up to the peak again."""
    cycle = UsageCycle.objects.filter(item_id=stripe_id).first()
    if cycle is None:
        raise CannotMend("No instance's usage is billed by this item: find out at Stripe who made it.")
    item = usage.fetch_item(stripe_id)
    quantity = item.quantity if item else 0
    UsageCycle.objects.filter(pk=cycle.pk).update(
        pushed=cycle.settled + quantity, item_id=stripe_id if item else "", next_try_at=now
    )


COMPARED = (
    Kind(
        "invoice item",
        fields=("quantity",),
        rows=_cycles,
        unfinished=_uninvoiced,
        listed=_pending,
        fetch=usage.fetch_item,
        mend=_told,
    ),
)
