"""Customers, their subscriptions and invoices, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from customers.models import CreditNote, Customer, Dispute, HelpRequest, Invoice, LoginToken, Refund, Subscription
from ondemand import clock
from ondemand.portal import values
from ondemand.portal.tables import (
    ActionCell,
    BadgeCell,
    DateCell,
    DateTimeCell,
    LinkCell,
    ListTable,
    MailCell,
    MoneyCell,
    NumberCell,
    TextCell,
    getter,
)

TONES: Final = {
    Customer.State.PAID: "good",
    Customer.State.DUE: "info",
    Customer.State.PAST_DUE: "bad",
    Customer.State.CANCELLED: "calm",
}
SUBSCRIPTION_TONES: Final = {
    Subscription.State.ACTIVE: "good",
    Subscription.State.TRIALING: "info",
    Subscription.State.PAST_DUE: "bad",
    Subscription.State.UNPAID: "bad",
}
REFUND_TONES: Final = {
    Refund.State.PENDING: "warn",
    Refund.State.REQUIRES_ACTION: "warn",
    Refund.State.SUCCEEDED: "good",
    Refund.State.FAILED: "bad",
}
NOTE_TONES: Final = {CreditNote.State.ISSUED: "good"}
DISPUTE_TONES: Final = {
    Dispute.State.WARNING_NEEDS_RESPONSE: "warn",
    Dispute.State.NEEDS_RESPONSE: "bad",
    Dispute.State.UNDER_REVIEW: "warn",
    Dispute.State.WON: "good",
    Dispute.State.LOST: "bad",
}
INVOICE_TONES: Final = {
    Invoice.State.PAID: "good",
    Invoice.State.OPEN: "warn",
    Invoice.State.UNCOLLECTIBLE: "bad",
}


def instances_of(customer: Any) -> str:
    return f"{reverse('instances')}?customer={customer.pk}" if customer.instances else ""


class LeavingCell(BadgeCell):
    """A state and, where it is set, when it ends: `ends` is the path to that instant."""

    def __init__(self, *args: Any, ends: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ends = getter(ends)

    def draw(self, value: Any, row: Any) -> str:
        return with_day(super().draw(value, row), _("ends on {day}"), self.ends(row))


class PayingCell(LeavingCell):
    """And from when who does not pay is suspended."""

    def draw(self, value: Any, row: Any) -> str:
        return with_day(super().draw(value, row), _("suspended from {day}, unless paid"), row.suspends_at)


def with_day(drawn: str, text: Any, at: datetime | None) -> str:
    """The text, with the day of that instant, beneath what is drawn; nothing where there is none."""
    if at is None:
        return drawn
    day = values.day_text(clock.business_day(at))
    return format_html('{}<br><span class="soft small">{}</span>', drawn, text.format(day=day))


class CustomerTable(ListTable):
    name = LinkCell(verbose_name=_("company"))
    contact = TextCell(accessor="contact_name", verbose_name=_("primary contact"))
    email = MailCell(accessor="contact_email", verbose_name=_("e-mail"))
    state = PayingCell(Customer.State.choices, TONES, ends="ends_at", verbose_name=_("payment status"))
    plan = TextCell(accessor="plan__name", verbose_name=_("plan"))
    acquired = DateCell(accessor="acquired_at", verbose_name=_("acquired"))
    instances = NumberCell(verbose_name=_("instances"))
    apps = ActionCell(_("Apps"), url=instances_of, verbose_name=_("apps"))
    invoiced = MoneyCell(verbose_name=_("invoiced"))
    paid = MoneyCell(verbose_name=_("paid"))

    class Meta(ListTable.Meta):
        model = Customer
        fields = ()
        order_by = "-acquired"


class CustomersWithoutApps(CustomerTable):
    """For finance members, who do not meet instances."""

    class Meta(CustomerTable.Meta):
        exclude = ("apps",)


class CustomersWithoutMoney(CustomerTable):
    class Meta(CustomerTable.Meta):
        exclude = ("invoiced", "paid")


class TermCell(DateCell):
    """The end of the year that runs; then another begins by itself."""

    def draw(self, value: Any, row: Subscription) -> str:
        return "" if row.state in Subscription.ENDED else values.day(clock.business_day(row.term_ends_at(clock.now())))


class SubscriptionTable(ListTable):
    product = TextCell(accessor="product__name", verbose_name=_("product"))
    plan = TextCell(accessor="plan__name", verbose_name=_("plan"))
    state = BadgeCell(Subscription.State.choices, SUBSCRIPTION_TONES, verbose_name=_("state"))
    period_end = DateCell(verbose_name=_("next billing date"))
    started_at = DateCell(verbose_name=_("since"))
    term = TermCell(accessor="pk", verbose_name=_("term ends on"), orderable=False)
    cancel_at = DateCell(verbose_name=_("ends on"))

    class Meta(ListTable.Meta):
        model = Subscription
        fields = ()
        order_by = "-started_at"


class InvoiceStateCell(BadgeCell):
    def draw(self, value: Any, row: Any) -> str:
        return values.badge(row.state_text, self.tones.get(value, "calm"))


class InvoiceTable(ListTable):
    number = TextCell(verbose_name=_("invoice"))
    effective_at = DateCell(verbose_name=_("date"))
    state = InvoiceStateCell(Invoice.State.choices, INVOICE_TONES, verbose_name=_("state"))
    total = MoneyCell(verbose_name=_("total"))
    paid = MoneyCell(verbose_name=_("paid"))
    paid_at = DateCell(verbose_name=_("paid on"))
    pdf = ActionCell(_("PDF"), url="pdf_url", verbose_name=_("document"))
    page = ActionCell(_("Page"), url="page_url", verbose_name=_("online"))

    class Meta(ListTable.Meta):
        model = Invoice
        fields = ()
        order_by = "-effective_at"


class CorrectionTable(ListTable):
    """What refunds, credit notes and disputes have in common."""

    created_at = DateCell(verbose_name=_("date"))
    invoice = TextCell(verbose_name=_("invoice"))

    class Meta(ListTable.Meta):
        fields = ()
        order_by = "-created_at"


class RefundTable(CorrectionTable):
    amount = MoneyCell(verbose_name=_("amount"))
    state = BadgeCell(Refund.State.choices, REFUND_TONES, verbose_name=_("state"))

    class Meta(CorrectionTable.Meta):
        model = Refund


class CreditNoteTable(CorrectionTable):
    number = TextCell(verbose_name=_("credit note"))
    before_payment = MoneyCell(verbose_name=_("less to pay"))
    after_payment = MoneyCell(verbose_name=_("given back"))
    state = BadgeCell(CreditNote.State.choices, NOTE_TONES, verbose_name=_("state"))

    class Meta(CorrectionTable.Meta):
        model = CreditNote
        sequence = ("number", "...")


class DisputeTable(CorrectionTable):
    amount = MoneyCell(verbose_name=_("amount"))
    state = BadgeCell(Dispute.State.choices, DISPUTE_TONES, verbose_name=_("state"))

    class Meta(CorrectionTable.Meta):
        model = Dispute


class NamesCell(TextCell):
    def draw(self, value: list[str], row: Any) -> str:
        return ", ".join(value) or values.NOTHING


class LoginTable(ListTable):
    """Who was in a customer's account; a session that was not ended by someone ends where it says."""

    who = TextCell(verbose_name=_("who"))
    reason = TextCell(verbose_name=_("reason"))
    opened = NamesCell(verbose_name=_("instances opened"), orderable=False)
    used_at = DateTimeCell(verbose_name=_("entered"))
    left_at = DateTimeCell(verbose_name=_("left, or out at the latest"), orderable=False)
    ending = BadgeCell(LoginToken.Ending.choices, verbose_name=_("how it ended"))

    class Meta(ListTable.Meta):
        model = LoginToken
        fields = ()
        order_by = "-used_at"


class HelpTable(ListTable):
    created_at = DateTimeCell(verbose_name=_("asked"))
    who = TextCell(verbose_name=_("who"))
    instance = TextCell(verbose_name=_("about"))
    text = TextCell(verbose_name=_("message"))

    class Meta(ListTable.Meta):
        model = HelpRequest
        fields = ()
        order_by = "-created_at"
