"""Staff: instances, and those that are stuck."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from instances.forms import CauseForm
from instances.models import Brake, Deletion, Ending, Instance, InstanceEvent, Suspension, UsageCycle
from instances.services import boots, brake, by_hand
from instances.services.by_hand import SuspensionRefused
from ondemand import clock
from ondemand.staff import ReadOnlyAdmin, ReadOnlyInline, acting, apply_each, ask_why


class EventInline(ReadOnlyInline):
    model = InstanceEvent
    fields = ["at", "kind", "text"]


class SuspensionInline(ReadOnlyInline):
    model = Suspension
    fields = ["cause", "reason", "opened_at", "opened_by", "closed_at"]


class DeletionInline(ReadOnlyInline):
    model = Deletion
    fields = ["opened_at", "backup_on", "backed_up_at", "told", "delete_on", "withdrawn_at", "error"]


@admin.register(Instance)
class InstanceAdmin(ReadOnlyAdmin):
    list_display = ["name", "partner", "customer", "plan", "state", "address", "error", "created_at"]
    list_filter = ["state", "product", "partner"]
    search_fields = ["name", "public_id"]
    list_select_related = ["partner", "customer", "plan"]
    exclude = ["activation_key", "heartbeat_key"]
    inlines = [SuspensionInline, DeletionInline, EventInline]
    actions = ["retry", "suspend", "resume"]

    @admin.action(description=_("Boot again what failed"), permissions=["act"])
    def retry(self, request: HttpRequest, instances: QuerySet[Instance]) -> None:
        now, actor = clock.now(), acting(request)
        apply_each(request, instances, lambda row: boots.retry(row, now=now, actor=actor), ValueError)

    @admin.action(description=_("Suspend"), permissions=["act"])
    def suspend(self, request: HttpRequest, instances: QuerySet[Instance]) -> HttpResponse | None:
        return self._decide(request, instances, by_hand.suspend, gettext("Suspend"))

    @admin.action(description=_("Let run again"), permissions=["act"])
    def resume(self, request: HttpRequest, instances: QuerySet[Instance]) -> HttpResponse | None:
        return self._decide(request, instances, by_hand.resume, gettext("Let run again"))

    def _decide(self, request: HttpRequest, instances: QuerySet[Instance], act: Any, title: str) -> HttpResponse | None:
        said = {"by": acting(request), "now": clock.now()}
        return ask_why(
            self,
            request,
            instances,
            lambda **given: apply_each(request, instances, lambda row: act(row, **given, **said), SuspensionRefused),
            title=title,
            hint=gettext("The customer and its partner read it, but for a case of abuse: then staff alone."),
            about=lambda row: f"{row.customer}: {row.get_state_display()}",
            form_class=CauseForm,
        )


@admin.register(Ending)
class EndingAdmin(ReadOnlyAdmin):
    """Begun by the action of a subscription; what is not done says why."""

    list_display = ["customer", "subscription", "why", "unpaid", "by", "asked_at", "done_at", "error"]
    list_filter = [("done_at", admin.EmptyFieldListFilter), "unpaid"]
    list_select_related = ["customer", "subscription", "by"]


@admin.register(Deletion)
class DeletionAdmin(ReadOnlyAdmin):
    """What will be deleted, and when."""

    list_display = ["instance", "partner", "delete_on", "told", "backed_up_at", "withdrawn_at", "error"]
    list_filter = [("withdrawn_at", admin.EmptyFieldListFilter), "partner"]
    list_select_related = ["instance", "partner"]
    date_hierarchy = "delete_on"


@admin.register(Brake)
class BrakeAdmin(ReadOnlyAdmin):
    """Closed by adding a row, which asks for the reason; opened by its action."""

    list_display = ["reason", "closed_at", "closed_by", "opened_at", "opened_by", "answer"]
    fields = ["reason"]
    actions = ["open"]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return acting(request).has_perm("instances.add_brake")

    def save_model(self, request: HttpRequest, obj: Brake, form: ModelForm, change: bool) -> None:
        brake.close_brake(obj.reason, now=clock.now(), by=acting(request))
        obj.pk = Brake.objects.in_force().get().pk

    @admin.action(description=_("Open: let suspensions go on"), permissions=["act"])
    def open(self, request: HttpRequest, brakes: QuerySet[Brake]) -> HttpResponse | None:
        return ask_why(
            self,
            request,
            brakes,
            lambda why: brake.open_brake(reason=why, by=acting(request), now=clock.now()),
            title=gettext("Let suspensions go on"),
            hint=gettext("Kept with the brake and in the audit trail. What is due by now will be suspended."),
            about=lambda row: row.reason,
        )


@admin.register(UsageCycle)
class UsageCycleAdmin(ReadOnlyAdmin):
    list_display = ["instance_id", "meter", "starts", "ends", "peak", "billable", "pushed", "item_id", "error"]
    list_filter = ["meter"]
