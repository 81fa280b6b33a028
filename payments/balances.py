"""What a partner has coming: payable now, and pending until its hold ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, Sum

from commissions.models import Commission
from ondemand.clock import month_start, months_after
from payments.models import Payment, PaymentLine


@dataclass(frozen=True)
class Balance:
    """Minor units of one currency, of commissions that are in no payment that the partner sees."""

    currency: str
    payable: int
    pending: int


def balances(partner_id: int, *, today: date) -> list[Balance]:
    """One for each currency that has any; sums may be negative after refunds."""
    in_payment = PaymentLine.objects.filter(
        partner_id=OuterRef("partner_id"), commission_id=OuterRef("pk"), freed=False, payment__state__in=Payment.SHOWN
    )
    mine = Commission.objects.for_partner(partner_id).filter(~Exists(in_payment)).order_by()
    sums = mine.values_list("currency").annotate(
        payable=Sum("amount", filter=Q(payable_on__lte=today), default=0),
        pending=Sum("amount", filter=Q(payable_on__gt=today), default=0),
    )
    return [Balance(*found) for found in sums.order_by("currency")]


def next_run(today: date) -> date:
    """When payments are prepared next: on the first of a month."""
    return months_after(month_start(today), 1)
