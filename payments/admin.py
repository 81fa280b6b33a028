"""Staff: payments in two pairs of eyes. Rows are read; each action is a service, which says why it refuses."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ondemand import clock
from ondemand.money import Money
from ondemand.staff import ReadOnlyAdmin, ReadOnlyInline, acting, apply_each
from payments.models import Payment, PaymentAttempt, PaymentLine
from payments.services import preparing
from payments.services.preparing import PaymentRefused


class AttemptInline(ReadOnlyInline):
    model = PaymentAttempt
    fields = ["number", "state", "started_at", "finished_at", "reference", "error"]


class LineInline(ReadOnlyInline):
    model = PaymentLine
    fields = ["commission", "amount", "currency", "freed"]


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ["number", "partner", "money", "state", "period", "proposed_by", "approved_by", "paid_at", "waiting"]
    list_filter = ["state", "partner"]
    search_fields = ["number", "reference"]
    list_select_related = ["partner", "proposed_by", "approved_by"]
    inlines = [LineInline, AttemptInline]
    actions = ["propose", "approve", "cancel"]
    change_list_template = "admin/payments.html"

    def get_urls(self) -> list[URLPattern]:
        draft = self.admin_site.admin_view(require_POST(self.draft))
        return [path("draft/", draft, name="payments_payment_draft"), *super().get_urls()]

    def draft(self, request: HttpRequest) -> HttpResponse:
        """Draft what is payable now, as beat does by itself."""
        if not self.has_act_permission(request):
            raise PermissionDenied
        made = preparing.draft_all(now=clock.now())
        messages.info(request, _("%(count)d payments drafted.") % {"count": len(made)})
        return redirect("admin:payments_payment_changelist")

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money(self, payment: Payment) -> str:
        return str(Money(payment.amount, payment.currency))

    @admin.action(description=gettext_lazy("Propose"), permissions=["act"])
    def propose(self, request: HttpRequest, payments: QuerySet[Payment]) -> None:
        now, by = clock.now(), acting(request)
        apply_each(request, payments, lambda row: preparing.propose(row, by=by, now=now), PaymentRefused)

    @admin.action(description=gettext_lazy("Approve (not what you proposed)"), permissions=["act"])
    def approve(self, request: HttpRequest, payments: QuerySet[Payment]) -> None:
        now, by = clock.now(), acting(request)
        apply_each(request, payments, lambda row: preparing.approve(row, by=by, now=now), PaymentRefused)

    @admin.action(description=gettext_lazy("Cancel, and free its commissions"), permissions=["act"])
    def cancel(self, request: HttpRequest, payments: QuerySet[Payment]) -> None:
        now, by = clock.now(), acting(request)
        apply_each(request, payments, lambda row: preparing.cancel(row, by=by, now=now), PaymentRefused)
