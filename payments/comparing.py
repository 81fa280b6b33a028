"""Transfers as the nightly comparison with Stripe takes them. Nothing here is written by it: a person decides."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, QuerySet, Value

from ondemand.comparing import CannotMend, Kind
from ondemand.gateway import payouts
from payments.models import Payment


def _sent() -> QuerySet[Payment]:
    return Payment.objects.exclude(reference="").annotate(stripe_id=F("reference"), reversed=Value(0))


def _refuse(stripe_id: str, now: datetime) -> None:
    payment = Payment.objects.filter(reference=stripe_id).first()
    if payment is None:
        raise CannotMend("No payment has this transfer as its reference: find out at Stripe who made it.")
    raise CannotMend(f"The transfer of payment {payment.number} was changed at Stripe: find out by whom.")


COMPARED = (
    Kind(
        "transfer",
        fields=("amount", "currency", "reversed"),
        rows=_sent,
        unfinished=lambda: _sent().none(),
        listed=payouts.transfers_since,
        fetch=payouts.fetch_transfer,
        mend=_refuse,
    ),
)
