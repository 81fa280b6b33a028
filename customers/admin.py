"""Staff: customers and their billing, as Stripe told it. Money is read here and never written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers import cancelling, grace
from customers.forms import EndForm, ExemptForm, GraceForm
from customers.models import Cancellation, CreditNote, Customer, Dispute, Invoice, InvoiceLine, Refund, Subscription
from instances.services import at_once
from ondemand import clock
from ondemand.personal.admin import erase_link
from ondemand.staff import ReadOnlyAdmin, ReadOnlyInline, ReasonForm, acting, apply_each, ask_why


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
    list_display = [
        *("stripe_id", "customer", "plan", "state", "period_end", "term_ends", "cancel_at"),
        *("card_ends", "suspends_at", "grace_days", "exempt_until", "exempt_reason"),
    ]
    list_filter = ["state", "plan"]
    search_fields = ["stripe_id"]
    list_select_related = ["customer", "plan"]
    actions = ["exempt", "lift", "change_grace", "end_at_once"]

    @admin.display(description=_("term ends"))
    def term_ends(self, row: Subscription) -> datetime | None:
        return None if row.state in Subscription.ENDED else row.term_ends_at(clock.now())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        rows: Any = super().get_queryset(request)
        found: QuerySet[Subscription] = rows.with_suspension_date()
        return found

    @admin.display(description=_("suspended from, unless paid"), ordering="suspends_at")
    def suspends_at(self, row: Any) -> datetime | None:
        at: datetime | None = row.suspends_at
        return at

    @admin.action(description=_("Exempt from suspension until a date"), permissions=["act"])
    def exempt(self, request: HttpRequest, rows: QuerySet[Subscription]) -> HttpResponse | None:
        return self._decide(request, rows, grace.exempt, gettext("Exempt from suspension"), ExemptForm)

    @admin.action(description=_("End an exemption"), permissions=["act"])
    def lift(self, request: HttpRequest, rows: QuerySet[Subscription]) -> HttpResponse | None:
        return self._decide(request, rows, grace.lift, gettext("End the exemption"), ReasonForm)

    @admin.action(description=_("Change the days of grace"), permissions=["act"])
    def change_grace(self, request: HttpRequest, rows: QuerySet[Subscription]) -> HttpResponse | None:
        return self._decide(request, rows, grace.change_days, gettext("Change the days of grace"), GraceForm)

    @admin.action(description=_("End at once, before the term"), permissions=["act"])
    def end_at_once(self, request: HttpRequest, rows: QuerySet[Subscription]) -> HttpResponse | None:
        said: dict[str, Any] = {"by": acting(request), "now": clock.now()}
        return ask_why(
            self,
            request,
            rows,
            lambda **given: apply_each(
                request, rows, lambda row: at_once.end_at_once(row, **given, **said), at_once.EndingRefused
            ),
            title=gettext("End at once"),
            hint=gettext("Customer and partner read it, by mail and in the audit trail."),
            about=lambda row: f"{row.customer}: {row.get_state_display()}",
            form_class=EndForm,
        )

    def _decide(
        self, request: HttpRequest, rows: QuerySet[Subscription], act: Any, title: str, form: type[ReasonForm]
    ) -> HttpResponse | None:
        said: dict[str, Any] = {"by": acting(request), "now": clock.now()}
        return ask_why(
            self,
            request,
            rows,
            lambda **given: apply_each(request, rows, lambda row: act(row, **given, **said), grace.GraceRefused),
            title=title,
            hint=gettext("Kept with the subscription and in the audit trail; the partner's owner reads it too."),
            about=lambda row: f"{row.customer}: {row.get_state_display()}",
            form_class=form,
        )


@admin.register(Cancellation)
class CancellationAdmin(ReadOnlyAdmin):
    list_display = [
        "subscription",
        "customer",
        "reason",
        "text",
        "created_at",
        "ends_at",
        "undone_at",
        "ended_at",
        "error",
    ]
    list_filter = ["reason", ("error", admin.EmptyFieldListFilter), ("undone_at", admin.EmptyFieldListFilter)]
    list_select_related = ["subscription", "customer"]
    actions = ["undo"]

    @admin.action(description=_("Undo: the subscription goes on"), permissions=["act"])
    def undo(self, request: HttpRequest, rows: QuerySet[Cancellation]) -> HttpResponse | None:
        said: dict[str, Any] = {"by": acting(request), "now": clock.now()}
        return ask_why(
            self,
            request,
            rows,
            lambda why: apply_each(request, rows, lambda row: cancelling.undo(row.pk, why=why, **said), ValueError),
            title=gettext("Undo the cancellation"),
            hint=gettext("Kept in the audit trail; the customer and the partner are told that it goes on."),
            about=str,
        )


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
