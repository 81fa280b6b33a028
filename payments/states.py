"""The state of a commission as its partner sees it: derived from payments, never stored."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Case, CharField, OuterRef, QuerySet, Subquery, TextChoices, Value, When
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from commissions.models import Commission
from payments.models import Payment, PaymentLine


class State(TextChoices):
    """What a partner sees of a commission."""

    PENDING = "pending", _("pending")
    PAYABLE = "payable", _("payable")
    IN_PAYMENT = "in_payment", _("in payment")
    PAID = "paid", _("paid")
    RETURNED = "returned", _("returned")


def with_state(rows: QuerySet[Commission], today: date) -> QuerySet[Any]:
    """With `state` (a State), from its day and from the payments that partners are shown; that `payment`,
    {id, number, paid_at}, or None; and `payment_number`.
    """
    lines = PaymentLine.objects.filter(
        partner_id=OuterRef("partner_id"), commission_id=OuterRef("pk"), freed=False, payment__state__in=Payment.SHOWN
    )
    shown = JSONObject(id="payment__id", number="payment__number", paid_at="payment__paid_at")
    return rows.annotate(
        payment=Subquery(lines.values_list(shown)[:1]),
        payment_number=Subquery(lines.values("payment__number")[:1]),
        payment_state=Subquery(lines.values("payment__state")[:1]),
        state=Case(
            When(payment_state=Payment.State.PAID, then=Value(State.PAID)),
            When(payment_state=Payment.State.RETURNED, then=Value(State.RETURNED)),
            When(payment_state__isnull=False, then=Value(State.IN_PAYMENT)),
            When(payable_on__lte=today, then=Value(State.PAYABLE)),
            default=Value(State.PENDING),
            output_field=CharField(),
        ),
    )
