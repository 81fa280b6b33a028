"""The Payments screen: what is coming, the list, and one payment down to its commissions."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from commissions.models import Commission
from commissions.tables import PaidCommissionTable
from ondemand.clock import business_day, now
from ondemand.portal import values
from ondemand.portal.detail import DetailScreen, Fact, Facts, Rows, first_rows
from ondemand.portal.exports import Column
from ondemand.scopes import MONEY, partner_id_of
from ondemand.screens import PartnerList
from partners.models import BankAccount
from payments.balances import Balance, balances
from payments.filters import PaymentFilter
from payments.models import Payment
from payments.services.preparing import MINIMUM
from payments.tables import TONES, AttemptTable, PaymentTable

MOST_SHOWN = 25


class PaymentList(PartnerList):
    title = _("Payments")
    kicker = _("Revenue")
    lead = _("What was approved for you, from the commissions that had become payable.")
    roles = MONEY
    template_name = "payments/list.html"
    table_class = PaymentTable
    filter_class = PaymentFilter
    totals = [(_("Amount"), "amount")]
    tabs = [(pgettext_lazy("payments", "Paid"), "state=paid"), (_("Failed"), "state=failed")]
    export = [
        Column("number", "number"),
        Column("approved_on", "approved_at", "date"),
        Column("period", "period", "date"),
        Column("amount", "amount", "money"),
        Column("currency", "currency"),
        Column("state", "state"),
        Column("reference", "reference"),
        Column("sent_on", "sent_at", "date"),
    ]
    export_name = "payments"
    empty_title = _("No payments yet")
    empty_text = _("A payment is prepared as soon as enough of your commission is payable, and approved by Openbravo.")
    empty_action = (_("Your commissions"), "/commissions/")

    def rows(self, request: HttpRequest) -> QuerySet[Payment]:
        return Payment.objects.for_partner(partner_id_of(request)).shown()

    def extra(self, request: HttpRequest) -> dict[str, Any]:
        partner_id, today = partner_id_of(request), business_day(now())
        account = BankAccount.objects.filter(partner_id=partner_id, replaced_at=None).first()
        return {
            "coming": [coming(balance, today) for balance in balances(partner_id, today=today)],
            "bank": bank_state(account),
            "bank_action": reverse("bank-account"),
        }


def coming(balance: Balance, today: date) -> dict[str, Any]:
    return {
        "payable": values.money(balance.payable, balance.currency),
        "payable_url": f"{reverse('commissions')}?state=payable",
        "payable_note": payable_note(balance, today),
        "pending": values.money(balance.pending, balance.currency),
        "pending_url": f"{reverse('commissions')}?state=pending",
        "pending_note": _("payable when its hold has passed"),
    }


def payable_note(balance: Balance, today: date) -> str:
    """What becomes of what is payable: prepared, or carried forward until it reaches the minimum."""
    if balance.ready_on == today:
        return gettext("a payment is being prepared for approval")
    least = values.money(MINIMUM, balance.currency)
    if balance.ready_on is None:
        return gettext("carried forward until it reaches {minimum}").format(minimum=least)
    text = gettext("carried forward: reaches the minimum of {minimum} on {day}")
    return format_html(text, minimum=least, day=values.day(balance.ready_on))


def bank_state(account: BankAccount | None) -> dict[str, str | Promise]:
    if account is None:
        text = _("Tell us where your money should go: payments wait for a bank account.")
        return {"tone": "warn", "text": text, "button": _("Set up a bank account")}
    if not account.transfers_enabled:
        text = _("The bank account is not ready yet: the payment provider needs more from you.")
        return {"tone": "warn", "text": text, "button": _("Finish the set-up")}
    text = _("Your bank account is set up: payments go to it.")
    return {"tone": "good", "text": text, "button": _("Change the bank account")}


class PaymentDetail(DetailScreen):
    back = (_("Payments"), "payments")
    roles = MONEY
    template_name = "payments/detail.html"

    def rows(self, request: HttpRequest) -> QuerySet[Payment]:
        return Payment.objects.for_partner(partner_id_of(request)).shown().select_related("destination")

    def title(self, row: Payment) -> Any:
        return _("Payment %(number)s") % {"number": row.number}

    def sections(self, row: Payment) -> list[Facts | Rows]:
        return [
            Facts(figures(row), wide=True),
            commissions_in(row),
            Rows(_("Attempts to send it"), first_rows(AttemptTable, row.attempts.all(), 50), _("Not sent yet")),
        ]

    def extra(self, request: HttpRequest, row: Payment) -> dict[str, Any]:
        return {"steps": list(steps(row))}


def figures(row: Payment) -> list[Fact]:
    account = row.destination.stripe_id if row.destination else None
    return [
        Fact(_("Amount"), values.money(row.amount, row.currency), big=True),
        Fact(_("State"), values.badge(row.get_state_display(), TONES[Payment.State(row.state)]), help=why_waiting(row)),
        Fact(_("Period"), values.month(row.period)),
        Fact(_("Approved on"), row.approved_at and values.day(row.approved_at)),
        Fact(_("Sent on"), row.sent_at and values.day(row.sent_at)),
        Fact(_("Paid on"), row.paid_at and values.day(row.paid_at)),
        Fact(_("Destination"), account, help=_("your account at the payment provider")),
        Fact(_("Provider's reference"), row.reference),
    ]


def why_waiting(row: Payment) -> str:
    """Kept in English, or in the provider's own words."""
    return gettext(row.waiting) if row.waiting else ""


def commissions_in(row: Payment) -> Rows:
    """Its lines, those that a return freed too: what it was made of never changes."""
    made_of = Commission.objects.for_partner(row.partner_id).filter(payment_lines__payment=row)
    table = first_rows(PaidCommissionTable, made_of.select_related("product"), MOST_SHOWN)
    return Rows(_("Commissions in it"), table, more=f"{reverse('commissions')}?payment={row.pk}")


def steps(row: Payment) -> list[dict[str, Any]]:
    """Approved, sent, paid; or where it stopped."""
    stopped = row.state in (Payment.State.FAILED, Payment.State.RETURNED)
    passed = [(_("Approved"), row.approved_at), (_("Sent"), row.sent_at), (_("Paid"), row.paid_at)]
    shown = [
        {"label": label, "state": "done" if at else "", "note": values.day(at) if at else ""} for label, at in passed
    ]
    if stopped:
        kept = [step for step in shown if step["state"]]
        return [*kept, {"label": row.get_state_display(), "state": "failed", "note": why_waiting(row)}]
    for step in shown:
        if not step["state"]:
            step["state"] = "now"
            break
    return shown
