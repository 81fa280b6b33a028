"""How commissions are looked for, and the state that is derived from payments and never stored."""

from __future__ import annotations

from datetime import date
from typing import Any

from babel.dates import format_skeleton
from django.db.models import Case, CharField, OuterRef, QuerySet, Subquery, TextChoices, Value, When
from django.db.models.functions import JSONObject
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter

from commissions.models import Commission
from customers.filters import Choices, customer_choices, product_choices
from ondemand.clock import business_day, month_start, months_after, now
from ondemand.portal.filters import ListFilter
from ondemand.scopes import partner_id_of
from payments.models import Payment, PaymentLine

MONTHS = 36


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


def month_name(month: date) -> str:
    return str(format_skeleton("yMMMM", month, locale=to_locale(get_language() or "en")))


def month_choices(today: date) -> Choices:
    months = [months_after(month_start(today), -count) for count in range(MONTHS)]
    return [(month.isoformat(), month_name(month)) for month in months]


def payment_choices(partner_id: int) -> Choices:
    shown = Payment.objects.for_partner(partner_id).shown().order_by("-approved_at", "-pk")
    return [(str(pk), number) for pk, number in shown.values_list("pk", "number")[:MONTHS]]


class CommissionFilter(ListFilter):
    search = ("customer_name", "invoice_number")
    search_hint = _("Customer or invoice")

    month = ChoiceFilter(label=_("Month"))
    product = ChoiceFilter(label=_("Product"), field_name="product_id")
    kind = ChoiceFilter(label=_("Kind"), choices=Commission.Kind.choices)
    state = ChoiceFilter(label=_("State"), choices=State.choices)
    customer = ChoiceFilter(label=_("Customer"), field_name="customer_id")
    payment = ChoiceFilter(label=_("Payment"), method="in_payment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["month"].extra["choices"] = month_choices(business_day(now()))
        self.filters["product"].extra["choices"] = product_choices()
        partner_id = partner_id_of(self.request)
        self.filters["customer"].extra["choices"] = customer_choices(partner_id, self.data.get("customer"))
        self.filters["payment"].extra["choices"] = payment_choices(partner_id)

    def in_payment(self, rows: QuerySet[Commission], name: str, value: str) -> QuerySet[Commission]:
        lines = PaymentLine.objects.filter(payment_id=int(value)).values("commission_id")
        return rows.filter(pk__in=lines)
