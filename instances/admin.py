"""Staff: instances, and those that are stuck."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from instances.models import Instance, InstanceEvent, UsageCycle
from instances.services import boots
from ondemand import clock
from ondemand.staff import ReadOnlyAdmin, ReadOnlyInline, acting, apply_each


class EventInline(ReadOnlyInline):
    model = InstanceEvent
    fields = ["at", "kind", "text"]


@admin.register(Instance)
class InstanceAdmin(ReadOnlyAdmin):
    list_display = ["name", "partner", "customer", "plan", "state", "address", "error", "created_at"]
    list_filter = ["state", "product", "partner"]
    search_fields = ["name", "public_id"]
    list_select_related = ["partner", "customer", "plan"]
    exclude = ["activation_key", "heartbeat_key"]
    inlines = [EventInline]
    actions = ["retry"]

    @admin.action(description=_("Boot again what failed"), permissions=["act"])
    def retry(self, request: HttpRequest, instances: QuerySet[Instance]) -> None:
        now, actor = clock.now(), acting(request)
        apply_each(request, instances, lambda row: boots.retry(row, now=now, actor=actor), ValueError)


@admin.register(UsageCycle)
class UsageCycleAdmin(ReadOnlyAdmin):
    list_display = ["instance_id", "meter", "starts", "ends", "peak", "billable", "pushed", "item_id", "error"]
    list_filter = ["meter"]
