"""What a partner has coming: payable now, pending until its hold ends, and when a payment can be made of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from django.db.models import Exists, OuterRef, QuerySet, Sum, Value
from django.db.models.functions import Greatest

from commissions.models import Commission
from payments.holds import held
from payments.models import Payment, PaymentLine
from payments.services.preparing import MINIMUM


@dataclass(frozen=True)
class Balance:
    """Minor units of one currency, of commissions that are neither held nor in a payment that the partner sees.

    `payable` and `pending` may be negative after refunds. `ready_on`: the first day on which what is payable
    reaches the minimum for a payment, `ready` what it then is; None and 0 where that is not in sight.
    """

    currency: str
    payable: int
    pending: int
    ready_on: date | None
    ready: int


def balances(partner_id: int, *, today: date) -> list[Balance]:
    """One for each currency that has any."""
    by_day: dict[str, list[tuple[date, int]]] = defaultdict(list)
    dated = _uncommitted(partner_id).annotate(day=Greatest("payable_on", Value(today)))
    sums = dated.values_list("currency", "day").annotate(Sum("amount")).order_by("currency", "day")
    for currency, day, amount in sums:
        by_day[currency].append((day, amount))
    return [_balance(currency, found, today) for currency, found in by_day.items()]


def _uncommitted(partner_id: int) -> QuerySet[Commission]:
    shown = PaymentLine.objects.filter(
        partner_id=OuterRef("partner_id"), commission_id=OuterRef("pk"), freed=False, payment__state__in=Payment.SHOWN
    )
    return Commission.objects.for_partner(partner_id).filter(~Exists(shown), ~held()).order_by()


def _balance(currency: str, found: list[tuple[date, int]], today: date) -> Balance:
    """`found`: (day, what becomes payable on it), in order; what is payable already stands under today."""
    payable = sum(amount for day, amount in found if day <= today)
    pending = sum(amount for day, amount in found if day > today)
    reached = zip((day for day, _ in found), accumulate(amount for _, amount in found), strict=True)
    ready_on, ready = next(((day, total) for day, total in reached if total >= MINIMUM), (None, 0))
    return Balance(currency, payable, pending, ready_on, ready)
