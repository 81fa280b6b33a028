"""The Commissions screen: the list, and one commission with the answer to "why this amount?"."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from commissions.filters import CommissionFilter
from commissions.models import Commission
from commissions.reasons import Step, steps_of
from commissions.tables import KIND_TONES, TONES, CommissionTable, when
from ondemand.clock import business_day, now
from ondemand.portal import values
from ondemand.portal.detail import DetailScreen, Fact, Facts
from ondemand.portal.exports import Column
from ondemand.scopes import MONEY, partner_id_of
from ondemand.screens import PartnerList
from payments.states import State, with_state


class CommissionList(PartnerList):
    title = _("Commissions")
    kicker = _("Revenue")
    lead = _("What you earn from invoices that your customers have paid.")
    roles = MONEY
    table_class = CommissionTable
    filter_class = CommissionFilter
    totals = [(_("Commission"), "amount")]
    tabs = [
        (_("Pending"), "state=pending"),
        (_("Payable"), "state=payable"),
        (pgettext_lazy("commissions", "Paid"), "state=paid"),
    ]
    export = [
        Column("id", "pk"),
        Column("kind", "kind"),
        Column("customer", "customer_name"),
        Column("product", "product__name"),
        Column("invoice", "line__invoice__stripe_id"),
        Column("line", "line__stripe_id"),
        Column("date", "date", "date"),
        Column("base", "base", "money"),
        Column("rate", "rate", "rate"),
        Column("amount", "amount", "money"),
        Column("currency", "currency"),
        Column("state", "state"),
        Column("payable_on", "payable_on", "date"),
        Column("payment", "payment_number"),
    ]
    export_name = "commissions"
    empty_title = _("No commissions yet")
    empty_text = _("A commission appears here as soon as one of your customers has paid an invoice.")
    empty_action = (_("Your sign-up pages"), "/sign-up-pages/")

    def rows(self, request: HttpRequest) -> QuerySet[Commission]:
        mine = Commission.objects.for_partner(partner_id_of(request)).select_related("product")
        return with_state(mine, business_day(now()))


class CommissionDetail(DetailScreen):
    back = (_("Commissions"), "commissions")
    roles = MONEY
    template_name = "commissions/detail.html"

    def rows(self, request: HttpRequest) -> QuerySet[Commission]:
        mine = Commission.objects.for_partner(partner_id_of(request))
        deep = mine.select_related("product", "terms", "line", "line__invoice", "line__plan")
        return with_state(deep, business_day(now()))

    def title(self, row: Commission) -> Any:
        return _("Commission %(number)s") % {"number": row.pk}

    def sections(self, row: Any) -> list[Facts]:
        return [Facts(figures(row), wide=True)]

    def extra(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {"why": [*steps_of(row), payment_step(row)]}


def payment_step(row: Any) -> Step:
    if row.payment is None:
        return Step(_("Payment"), format_html(gettext("Payable on {day}"), day=values.day(row.payable_on)))
    url = reverse("payment", args=[row.payment["id"]])
    title = gettext("Payment {number}").format(number=row.payment["number"])
    return Step(title, capfirst(State(row.state).label), values.money(row.amount, row.currency), url)


def figures(row: Any) -> list[Fact]:
    return [
        Fact(_("Commission"), values.money(row.amount, row.currency), big=True),
        Fact(_("State"), values.badge(State(row.state).label, TONES[State(row.state)]), help=when(row)),
        Fact(_("Kind"), values.badge(row.get_kind_display(), KIND_TONES.get(row.kind, "calm"))),
        Fact(_("Date"), values.day(row.date)),
        Fact(_("Customer"), row.customer_name),
        Fact(_("Product"), row.product),
        Fact(_("Invoice"), row.invoice_number),
    ]
