"""What a story looks at: invoices at hand, and the diary of what the partner earned."""

from __future__ import annotations

from django.db.models import Sum

from commissions.models import Commission
from customers.models import Invoice, InvoicePayment
from ondemand.tenancy.context import as_worker


def last_invoice() -> Invoice:
    with as_worker():
        return Invoice.objects.latest("created_at")


def payment_of(invoice: Invoice) -> str:
    """The payment intent that paid it."""
    with as_worker():
        return InvoicePayment.objects.get(invoice=invoice, state="paid").payment_intent


def earned(invoice: Invoice, *kinds: str) -> int:
    """The sum of the invoice's rows, of those kinds or of all."""
    with as_worker():
        rows = Commission.objects.filter(line__invoice=invoice)
        return (rows.filter(kind__in=kinds) if kinds else rows).aggregate(sum=Sum("amount"))["sum"] or 0
