"""Staff: enrol partners, add products, look at a partner's portal."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ondemand import audit, clock
from ondemand.hints import hint
from ondemand.scopes import LOOK
from ondemand.staff import ReadOnlyAdmin, RecordedAdmin, RowsInline, acting
from partners import services
from partners.forms import EnrolmentForm
from partners.inlines import MemberInline, save_members
from partners.models import BankAccount, Campaign, Partner, Plan, Product


@admin.register(Partner)
class PartnerAdmin(RecordedAdmin):
    edited = "partner.edited"
    list_display = ["name", "code", "country", "state", "peer_state", "created_at", "portal"]
    list_filter = ["state", "peer_state"]
    search_fields = ["name", "code"]
    fields = ["name", "code", "country", "support_email", "support_phone", "state", "peer_state", "peer_error"]
    readonly_fields = ["code", "state", "peer_state", "peer_error"]
    inlines = [MemberInline]
    actions = ["resend", "suspend", "reactivate"]

    def partner_of(self, obj: Partner) -> int:
        return obj.pk

    def has_delete_permission(self, request: HttpRequest, obj: Partner | None = None) -> bool:
        return False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for refusal in save_members(form.instance, formset, by=acting(request)):
            messages.error(request, refusal)

    def get_urls(self) -> list[URLPattern]:
        look_at = self.admin_site.admin_view(require_POST(self.look))
        stop = self.admin_site.admin_view(require_POST(stop_looking))
        return [
            path("<int:partner_id>/look/", look_at, name="partners_partner_look"),
            path("look/end/", stop, name="partners_partner_stop_looking"),
            *super().get_urls(),
        ]

    def look(self, request: HttpRequest, partner_id: int) -> HttpResponse:
        """Begin to look at a partner's portal, which is then read-only. The entry is there before the first look."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        partner = get_object_or_404(Partner, pk=partner_id)
        audit.record(
            "partner.looked_at", now=clock.now(), actor=acting(request), partner_id=partner.pk, target=partner.code
        )
        request.session[LOOK] = partner.pk
        return redirect("dashboard")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Enrolment is one step: the partner, its owner, its campaigns, the mail, the other zone."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = EnrolmentForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                partner = services.enrol_partner(
                    form.enrolment, both=form.cleaned_data["both"], now=clock.now(), actor=acting(request)
                )
            except services.EnrolmentConflict as error:
                form.add_error("code", str(error))
            else:
                messages.success(request, _("%(name)s is enrolled; the owner was mailed.") % {"name": partner.name})
                return redirect("admin:partners_partner_changelist")
        context = self.admin_site.each_context(request) | {
            "form": form,
            "title": _("Enrol a partner"),
            "opts": self.opts,
        }
        return render(request, "admin/enrol.html", context)

    @admin.display(description=gettext_lazy("portal"))
    def portal(self, partner: Partner) -> SafeString:
        url = reverse("admin:partners_partner_look", args=[partner.pk])
        return format_html('<button formaction="{}" formmethod="post">{}</button>', url, _("Look"))

    @admin.action(description=gettext_lazy("Mail the owner a new link"), permissions=["change"])
    def resend(self, request: HttpRequest, partners: QuerySet[Partner]) -> None:
        for partner in partners:
            services.resend_welcome(partner, now=clock.now(), actor=acting(request))

    @admin.action(description=gettext_lazy("Suspend: its pages take no sign-ups"), permissions=["change"])
    def suspend(self, request: HttpRequest, partners: QuerySet[Partner]) -> None:
        for partner in partners:
            services.change_state(partner, Partner.State.SUSPENDED, now=clock.now(), actor=acting(request))

    @admin.action(description=gettext_lazy("Reactivate"), permissions=["change"])
    def reactivate(self, request: HttpRequest, partners: QuerySet[Partner]) -> None:
        for partner in partners:
            services.change_state(partner, Partner.State.ACTIVE, now=clock.now(), actor=acting(request))


def stop_looking(request: HttpRequest) -> HttpResponse:
    partner = Partner.objects.filter(pk=request.session.pop(LOOK, None)).first()
    if partner:
        audit.record(
            "partner.look_ended", now=clock.now(), actor=acting(request), partner_id=partner.pk, target=partner.code
        )
    return redirect("admin:partners_partner_changelist")


class PlanInline(RowsInline, admin.StackedInline):
    model = Plan
    exclude = ["currency", "stripe_base_price", "stripe_user_price", "stripe_terminal_price", "stripe_gb_price"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a plan's prices are Stripe's too: another price is another plan

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Product)
class ProductAdmin(RecordedAdmin):
    """A saved product has a campaign for every partner, and goes to Stripe."""

    list_display = ["name", "code", "retail", "active", "stripe_id"]
    fields = ["code", "name", "description", "retail", "active"]
    inlines = [PlanInline]

    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        return ["code", "retail"] if obj else []

    def save_model(self, request: HttpRequest, obj: Product, form: ModelForm, change: bool) -> None:
        if not change:
            obj.created_at = clock.now()
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for plan in formset.save(commit=False):
            plan.currency = services.currency()
            plan.save()
        formset.save_m2m()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        services.ensure_campaigns(now=clock.now())
        hint("partners.tasks.sync_catalogue")


@admin.register(Campaign)
class CampaignAdmin(RecordedAdmin):
    edited = "page.edited"
    list_display = ["slug", "partner", "product", "active"]
    list_filter = ["active", "product"]
    search_fields = ["slug"]
    readonly_fields = ["partner", "product", "slug", "created_at"]

    def partner_of(self, obj: Campaign) -> int:
        return obj.partner_id

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return False


@admin.register(BankAccount)
class BankAccountAdmin(ReadOnlyAdmin):
    list_display = ["partner", "stripe_id", "transfers_enabled", "created_at", "replaced_at"]
