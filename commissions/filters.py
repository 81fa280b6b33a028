"""How commissions are looked for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter

from commissions.models import Commission
from customers.filters import Choices, customer_choices, product_choices
from ondemand.clock import business_day, month_start, months_after, now
from ondemand.portal import values
from ondemand.portal.filters import ListFilter
from ondemand.scopes import partner_id_of
from payments.models import Payment, PaymentLine
from payments.states import State, in_state

MONTHS = 36


def month_choices(today: date) -> Choices:
    months = [months_after(month_start(today), -count) for count in range(MONTHS)]
    return [(month.isoformat(), values.month(month)) for month in months]


def payment_choices(partner_id: int) -> Choices:
    shown = Payment.objects.for_partner(partner_id).shown().order_by("-approved_at", "-pk")
    return [(str(pk), number) for pk, number in shown.values_list("pk", "number")[:MONTHS]]


class CommissionFilter(ListFilter):
    search = ("customer_name", "invoice_number")
    search_hint = _("Customer or invoice")

    month = ChoiceFilter(label=_("Month"))
    product = ChoiceFilter(label=_("Product"), field_name="product_id")
    kind = ChoiceFilter(label=_("Kind"), choices=Commission.Kind.choices)
    state = ChoiceFilter(label=_("State"), choices=State.choices, method="of_state")
    customer = ChoiceFilter(label=_("Customer"), field_name="customer_id")
    payment = ChoiceFilter(label=_("Payment"), method="in_payment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["month"].extra["choices"] = month_choices(business_day(now()))
        self.filters["product"].extra["choices"] = product_choices()
        partner_id = partner_id_of(self.request)
        self.filters["customer"].extra["choices"] = customer_choices(partner_id, self.data.get("customer"))
        self.filters["payment"].extra["choices"] = payment_choices(partner_id)

    def of_state(self, rows: QuerySet[Commission], name: str, value: str) -> QuerySet[Commission]:
        return in_state(rows, value, business_day(now()))

    def in_payment(self, rows: QuerySet[Commission], name: str, value: str) -> QuerySet[Commission]:
        lines = PaymentLine.objects.filter(payment_id=int(value)).values("commission_id")
        return rows.filter(pk__in=lines)
