"""The state of a commission as its partner sees it: derived from payments, never stored."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, QuerySet, Subquery, TextChoices, Value, When
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from commissions.models import Commission
from payments.holds import held
from payments.models import Payment, PaymentLine


class State(TextChoices):
    """What a partner sees of a commission."""

    PENDING = "pending", _("pending")
    PAYABLE = "payable", _("payable")
    HELD = "held", _("held")
    IN_PAYMENT = "in_payment", _("in payment")
    PAID = "paid", pgettext_lazy("commission", "paid")
    RETURNED = "returned", pgettext_lazy("commission", "returned")


PASSED_ON = Case(
    When(payment__state=Payment.State.PAID, then=Value(State.PAID)),
    When(payment__state=Payment.State.RETURNED, then=Value(State.RETURNED)),
    default=Value(State.IN_PAYMENT),
    output_field=CharField(),
)
PAYMENT = JSONObject(id="payment__id", number="payment__number", paid_at="payment__paid_at")


def with_state(rows: QuerySet[Commission], today: date) -> QuerySet[Any]:
    """With `state` (a State), from its day and from the payments that partners are shown; that `payment`,
    {id, number, paid_at}, or None; and `payment_number`.
    """
    lines = _shown_lines()
    waiting = Case(
        When(held(), then=Value(State.HELD)),
        When(payable_on__lte=today, then=Value(State.PAYABLE)),
        default=Value(State.PENDING),
    )
    return rows.annotate(
        state=Coalesce(Subquery(lines.values_list(PASSED_ON)[:1]), waiting, output_field=CharField()),
        payment=Subquery(lines.values_list(PAYMENT)[:1]),
        payment_number=Subquery(lines.values("payment__number")[:1]),
    )


def in_state(rows: QuerySet[Commission], state: str, today: date) -> QuerySet[Commission]:
    """The same as filtering by `state`, as a join that stays quick over a whole diary."""
    lines = _shown_lines()
    if state == State.HELD:
        return rows.filter(~Exists(lines), held())
    if state == State.PENDING:
        return rows.filter(~Exists(lines), ~held(), payable_on__gt=today)
    if state == State.PAYABLE:
        return rows.filter(~Exists(lines), ~held(), payable_on__lte=today)
    return rows.filter(Exists(lines.annotate(passed_on=PASSED_ON).filter(passed_on=state)))


def _shown_lines() -> QuerySet[PaymentLine]:
    return PaymentLine.objects.filter(
        partner_id=OuterRef("partner_id"), commission_id=OuterRef("pk"), freed=False, payment__state__in=Payment.SHOWN
    )
