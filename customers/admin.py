"""Staff: customers and their billing, as Stripe told it. Money is read here and never written."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from customers.models import CreditNote, Customer, Dispute, Invoice, InvoiceLine, Refund, Subscription
from ondemand.personal.admin import erase_link
from ondemand.staff import ReadOnlyAdmin, ReadOnlyInline


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    list_display = ["name", "partner", "contact_email", "plan", "state", "instances", "acquired_at", "erase"]
    list_filter = ["state", "partner", "plan"]
    search_fields = ["name", "contact_email", "stripe_id"]

    @admin.display(description=_("erase"))
    def erase(self, customer: Customer) -> SafeString | str:
        return "" if customer.erased_at else erase_link("customer", customer.pk)


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = ["stripe_id", "customer", "plan", "state", "period_end", "cancel_at"]
    list_filter = ["state", "plan"]
    search_fields = ["stripe_id"]
    list_select_related = ["customer", "plan"]


class LineInline(ReadOnlyInline):
    model = InvoiceLine
    fields = ["description", "quantity", "amount", "currency", "period_start", "period_end"]


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "partner", "state", "total", "paid", "currency", "effective_at"]
    list_filter = ["state", ("finalization_error", admin.EmptyFieldListFilter), "partner"]
    search_fields = ["number", "stripe_id"]
    inlines = [LineInline]


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ["stripe_id", "partner", "invoice", "amount", "currency", "state", "created_at"]
    list_filter = ["state"]


@admin.register(CreditNote)
class CreditNoteAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "partner", "invoice", "amount", "currency", "state", "created_at"]
    list_filter = ["state"]
    search_fields = ["number", "stripe_id"]
    list_select_related = ["partner", "invoice"]


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    list_display = ["stripe_id", "partner", "invoice", "amount", "currency", "reason", "state", "answer_by"]
    list_filter = ["state"]
    search_fields = ["stripe_id"]
    list_select_related = ["partner", "invoice"]
