"""Commissions as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.models import Commission
from ondemand.portal import values
from ondemand.portal.tables import BadgeCell, DateCell, LinkCell, ListTable, MoneyCell, PercentCell, TextCell
from payments.states import State

KIND_TONES: Final = {
    Commission.Kind.EARNING: "good",
    Commission.Kind.REVERSAL: "bad",
    Commission.Kind.REINSTATEMENT: "info",
    Commission.Kind.CAP: "warn",
}
TONES: Final = {
    State.PENDING: "warn",
    State.PAYABLE: "info",
    State.HELD: "warn",
    State.IN_PAYMENT: "info",
    State.PAID: "good",
    State.RETURNED: "bad",
}


class KeyCell(LinkCell):
    """The row's number, which leads to it; as narrow as it is."""

    kind = "key"


class StateCell(BadgeCell):
    """The state with its date: pending until, payable since, in which payment, paid on."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(State.choices, TONES, **kwargs)

    def draw(self, value: Any, row: Any) -> str:
        badge: str = super().draw(value, row)
        return format_html('{} <span class="small">{}</span>', badge, when(row))


def when(row: Any) -> str:
    """The state's own date, and the payment where there is one."""
    if row.state == State.HELD:
        return gettext("the invoice's payment is disputed")
    if row.payment is None:
        words = gettext("until {day}") if row.state == State.PENDING else gettext("since {day}")
        return format_html(words, day=values.day(row.payable_on))
    link = values.link(reverse("payment", args=[row.payment["id"]]), row.payment["number"])
    if row.state != State.PAID or not row.payment["paid_at"]:
        return link
    return format_html("{} {}", values.day(datetime.fromisoformat(row.payment["paid_at"])), link)


class CommissionTable(ListTable):
    number = KeyCell(accessor="pk", verbose_name=_("no."))
    customer = TextCell(accessor="customer_name", verbose_name=_("customer"))
    amount = MoneyCell(verbose_name=_("commission"))
    state = StateCell(verbose_name=_("state"))
    date = DateCell(verbose_name=_("date"))
    kind = BadgeCell(Commission.Kind.choices, KIND_TONES, verbose_name=_("kind"))
    product = TextCell(accessor="product__name", verbose_name=_("product"))
    invoice = TextCell(accessor="invoice_number", verbose_name=_("invoice"))
    base = MoneyCell(verbose_name=_("base"))
    rate = PercentCell(verbose_name=_("rate"))

    class Meta(ListTable.Meta):
        model = Commission
        fields = ()
        order_by = "-date"
        sequence = ["number", "date", "customer", "amount", "state", "product", "invoice", "kind", "base", "rate"]


class CustomersCommissionTable(CommissionTable):
    """Within one customer's page."""

    class Meta(CommissionTable.Meta):
        exclude = ("customer",)
        sequence = ["number", "date", "amount", "state", "product", "invoice", "kind", "base", "rate"]


class PaidCommissionTable(CommissionTable):
    """Within the payment that they are in."""

    class Meta(CommissionTable.Meta):
        exclude = ("state",)
        sequence = ["number", "date", "customer", "amount", "product", "invoice", "kind", "base", "rate"]
