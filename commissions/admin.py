"""Staff: the terms that partners agreed, and the diary, which is only read."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _

from commissions.models import Commission, CommissionTerms
from commissions.services.terms import agree
from ondemand import clock
from ondemand.staff import ReadOnlyAdmin, acting


class TermsForm(forms.ModelForm):
    class Meta:
        model = CommissionTerms
        fields = ["partner", "product", "rate", "hold_days", "starts"]

    def clean(self) -> dict[str, object]:
        """Terms that begin later are in the way: say so here, not by the database's error."""
        data = super().clean() or {}
        same = CommissionTerms.objects.filter(partner=data.get("partner"), product=data.get("product"))
        if data.get("starts") and same.filter(starts__gte=data["starts"]).exists():
            self.add_error("starts", _("Other terms begin on that day or later. Choose a later day."))
        return data

    def validate_constraints(self) -> None:
        """The terms in force end where these begin, so their overlap now is none then."""


@admin.register(CommissionTerms)
class CommissionTermsAdmin(ReadOnlyAdmin):
    """A new version begins on a date; what is agreed is never edited."""

    list_display = ["partner", "product", "rate", "hold_days", "starts", "ends", "created_by"]
    list_filter = ["partner", "product"]
    fields = ["partner", "product", "rate", "hold_days", "starts"]
    form = TermsForm

    def has_add_permission(self, request: HttpRequest, *args: object) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def save_model(self, request: HttpRequest, obj: CommissionTerms, form: ModelForm, change: bool) -> None:
        data = form.cleaned_data
        made = agree(
            partner=data["partner"],
            product=data["product"],
            rate=data["rate"],
            hold_days=data["hold_days"],
            starts=data["starts"],
            now=clock.now(),
            actor=acting(request),
        )
        obj.pk = made.pk


@admin.register(Commission)
class CommissionAdmin(ReadOnlyAdmin):
    list_display = [
        "id",
        "partner",
        "customer_name",
        "kind",
        "base",
        "rate",
        "amount",
        "currency",
        "date",
        "payable_on",
    ]
    list_filter = ["kind", "partner", "product"]
    search_fields = ["customer_name", "invoice_number", "source_id"]
