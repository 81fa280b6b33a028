"""What was given back or is disputed, as a customer's pages show it: to the partner and to the customer."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from customers.models import CreditNote, Customer, Dispute, Refund
from customers.tables import CreditNoteTable, DisputeTable, RefundTable
from ondemand.portal.detail import Rows, first_rows

MOST = 24


def correction_sections(customer: Customer) -> Iterator[Rows]:
    """Where there is any."""
    its = {"partner_id": customer.partner_id, "customer_id": customer.pk}
    refunds = Refund.objects.filter(**its).select_related("invoice")
    if refunds.exists():
        yield Rows(_("Refunds"), first_rows(RefundTable, refunds, MOST))
    notes = CreditNote.objects.filter(**its).select_related("invoice")
    if notes.exists():
        yield Rows(_("Credit notes"), first_rows(CreditNoteTable, notes, MOST))
    disputes = Dispute.objects.filter(**its).select_related("invoice")
    if disputes.exists():
        yield Rows(_("Disputes"), first_rows(DisputeTable, disputes, MOST))
