"""What a customer ordered, what was invoiced and paid, as tables."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from customers.models import CreditNote, Dispute, Invoice, InvoiceLine, InvoicePayment, PlanChange, Refund, Subscription
from ondemand.personal.archive import CURRENCY, Table, Told

INVOICE = Told("invoice", "invoice_id", meaning=_("number of the invoice's row, as in invoices"))
STRIPE_ID = Told("stripe_id", "stripe_id", meaning=_("id at Stripe, the payment provider"))


def billing(customer_id: int) -> Iterator[Table]:
    yield Table(
        "subscriptions",
        _("Your subscriptions."),
        [
            STRIPE_ID,
            Told("product", "product__name", meaning=_("product")),
            Told("plan", "plan__name", meaning=_("plan")),
            Told("state", "state", meaning=_("state")),
            Told("since", "started_at", meaning=_("when it began")),
            Told("from", "period_start", meaning=_("when the billing cycle began")),
            Told("to", "period_end", meaning=_("when the next one begins")),
            Told("ends", "cancel_at", meaning=_("when it will end")),
            Told("ended", "ended_at", meaning=_("when it ended")),
            Told("card", "card_last4", meaning=_("last digits of the card")),
            Told("card_ends", "card_ends", meaning=_("until when the card is good")),
        ],
        Subscription.objects.filter(customer_id=customer_id).order_by("pk"),
    )
    yield Table(
        "plan_changes",
        _("How the plans of your subscriptions changed, or were to."),
        [
            Told("subscription", "subscription__stripe_id", meaning=_("the subscription's id at Stripe")),
            Told("was", "from_plan__name", meaning=_("the plan before")),
            Told("plan", "to_plan__name", meaning=_("the new plan")),
            Told("by", "asked_by__email", meaning=_("who asked for it; nobody where it was changed at Stripe")),
            Told("asked", "asked_at", meaning=_("when it was asked for")),
            Told("effect", "takes_effect_at", meaning=_("from when it counts")),
            Told("withdrawn", "withdrawn_at", meaning=_("when it was withdrawn")),
        ],
        PlanChange.objects.filter(customer_id=customer_id).order_by("asked_at", "pk"),
    )
    yield Table(
        "invoices",
        _("Your invoices. The documents themselves are at their addresses."),
        [
            Told("row", "pk", meaning=_("number of the row")),
            Told("number", "number", meaning=_("number of the invoice")),
            STRIPE_ID,
            Told("date", "effective_at", meaning=_("when it was issued")),
            Told("state", "state", meaning=_("state")),
            CURRENCY,
            Told("subtotal", "subtotal", "money", meaning=_("before tax")),
            Told("tax", "tax", "money", meaning=_("tax")),
            Told("total", "total", "money", meaning=_("total")),
            Told("due", "due", "money", meaning=_("what was to be paid")),
            Told("paid", "paid", "money", meaning=_("what was paid")),
            Told("paid_outside", "paid_outside", "money", meaning=_("how much of it outside Stripe")),
            Told("paid_at", "paid_at", meaning=_("when it was paid")),
            Told("page", "page_url", meaning=_("its page at Stripe")),
            Told("pdf", "pdf_url", meaning=_("the document")),
        ],
        Invoice.objects.filter(customer_id=customer_id).order_by("created_at", "pk"),
    )
    yield Table(
        "invoice_lines",
        _("The lines of the invoices."),
        [
            INVOICE,
            Told("description", "description", meaning=_("what was billed")),
            Told("quantity", "quantity", meaning=_("how many")),
            Told("from", "period_start", meaning=_("from")),
            Told("to", "period_end", meaning=_("up to and without")),
            CURRENCY,
            Told("amount", "amount", "money", meaning=_("before tax and discounts")),
            Told("discount", "discount", "money", meaning=_("discount")),
            Told("credit", "credit", "money", meaning=_("paid from credit")),
            Told("inclusive_tax", "inclusive_tax", "money", meaning=_("tax within the amount")),
            Told("exclusive_tax", "exclusive_tax", "money", meaning=_("tax on top of it")),
        ],
        InvoiceLine.objects.filter(customer_id=customer_id).order_by("invoice_id", "position", "pk"),
    )
    yield Table(
        "payments",
        _("Payments of the invoices. The card itself is kept by Stripe and never here."),
        [
            INVOICE,
            STRIPE_ID,
            Told("state", "state", meaning=_("state")),
            CURRENCY,
            Told("amount", "amount", "money", meaning=_("what was paid")),
            Told("at", "paid_at", meaning=_("when it was paid")),
        ],
        InvoicePayment.objects.filter(customer_id=customer_id).order_by("pk"),
    )
    yield Table(
        "refunds",
        _("What was given back."),
        [
            INVOICE,
            STRIPE_ID,
            Told("state", "state", meaning=_("state")),
            CURRENCY,
            Told("amount", "amount", "money", meaning=_("what was given back")),
            Told("at", "created_at", meaning=_("when")),
        ],
        Refund.objects.filter(customer_id=customer_id).order_by("created_at", "pk"),
    )
    yield Table(
        "credit_notes",
        _("Credit notes: what was taken off an invoice."),
        [
            INVOICE,
            STRIPE_ID,
            Told("number", "number", meaning=_("number")),
            Told("state", "state", meaning=_("state")),
            CURRENCY,
            Told("before_payment", "before_payment", "money", meaning=_("what there was less to pay")),
            Told("after_payment", "after_payment", "money", meaning=_("what was given back")),
            Told("at", "created_at", meaning=_("when")),
        ],
        CreditNote.objects.filter(customer_id=customer_id).order_by("created_at", "pk"),
    )
    yield Table(
        "disputes",
        _("Payments that the card's holder disputed at the bank."),
        [
            INVOICE,
            STRIPE_ID,
            Told("reason", "reason", meaning=_("reason")),
            Told("state", "state", meaning=_("state")),
            CURRENCY,
            Told("amount", "amount", "money", meaning=_("what is disputed")),
            Told("at", "created_at", meaning=_("when")),
        ],
        Dispute.objects.filter(customer_id=customer_id).order_by("created_at", "pk"),
    )
