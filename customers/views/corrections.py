"""What was given back or is disputed, as a customer's pages show it: to the partner and to the customer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from customers.models import CreditNote, Customer, Dispute, Refund
from customers.tables import CreditNoteTable, DisputeTable, RefundTable
from ondemand.portal.detail import Rows, first_rows

MOST = 24
SECTIONS: tuple[tuple[Any, Any, Any], ...] = (
    (_("Refunds"), RefundTable, Refund),
    (_("Credit notes"), CreditNoteTable, CreditNote),
    (_("Disputes"), DisputeTable, Dispute),
)


def correction_sections(customer: Customer) -> Iterator[Rows]:
    """Where there is any."""
    for title, table, model in SECTIONS:
        rows = model.objects.filter(partner_id=customer.partner_id, customer_id=customer.pk).select_related("invoice")
        if rows.exists():
            yield Rows(title, first_rows(table, rows, MOST))
