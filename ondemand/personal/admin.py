"""Staff: erasures that were asked for, and the page that begins one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Customer
from ondemand import clock
from ondemand.models import Erasure, User
from ondemand.personal import erasing
from ondemand.personal.erasing import ErasureRefused
from ondemand.personal.forms import ErasureForm
from ondemand.staff import ReadOnlyAdmin, acting

SUBJECTS: dict[str, Any] = {"customer": Customer, "person": User}


def erase_link(kind: str, pk: int | None) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(f"admin:ondemand_erasure_{kind}", args=[pk]), _("Erase"))


class ErasureAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "state", "asked_at", "confirmed_at", "done_at", "reason", "error", "next_step"]
    list_filter = ["state"]

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path(
                f"{kind}/<int:pk>/",
                self.admin_site.admin_view(self.erase_page),
                {"kind": kind},
                name=f"ondemand_erasure_{kind}",
            )
            for kind in SUBJECTS
        ]
        return [*pages, *super().get_urls()]

    @admin.display(description=gettext_lazy("next step"))
    def next_step(self, row: Erasure) -> SafeString | str:
        return erase_link("customer", row.customer_id) if row.state == Erasure.State.ASKED else ""

    def erase_page(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        if not self.has_act_permission(request):
            raise PermissionDenied
        subject, form = get_object_or_404(SUBJECTS[kind], pk=pk), ErasureForm(request.POST or None)
        why_not = erasing.refusal(subject)
        if form.is_valid() and not why_not:
            try:
                erasing.confirm(subject, reason=form.cleaned_data["reason"], by=acting(request), now=clock.now())
            except ErasureRefused as refusal:  # since it was asked above
                why_not = str(refusal)
            else:
                messages.success(request, _("Confirmed: it is being done, Stripe first."))
                return redirect("admin:ondemand_erasure_changelist")
        context = self.admin_site.each_context(request) | {
            "form": form,
            "why_not": why_not,
            "named": f"{subject}, {subject.email}" if kind == "person" else str(subject),
            "kind": kind,
            "title": _("Erase for good"),
            "opts": self.opts,
        }
        return render(request, "admin/erase.html", context)
