"""A customer's instances and what was used on them, as tables."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import BigIntegerField, F
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from instances.models import Deletion, Instance, InstanceEvent, Suspension, UsageCycle, UsageReading
from ondemand.personal.archive import CURRENCY, Table, Told

INSTANCE = Told("instance", "instance_id", meaning=_("number of the instance, as in instances"))


def instances(customer_id: int) -> Iterator[Table]:
    yield Table(
        "instances",
        _("Your instances of the ERP. What is in an instance is not part of this file: export it there."),
        [
            Told("number", "pk", meaning=_("its number here")),
            Told("name", "name", meaning=_("first part of its address")),
            Told("address", "address", meaning=_("where it answers")),
            Told("product", "product__name", meaning=_("product")),
            Told("plan", "plan__name", meaning=_("plan")),
            Told("state", "state", meaning=_("state")),
            Told("version", "version", meaning=_("version of the ERP")),
            Told("ordered", "created_at", meaning=_("when it was ordered")),
            Told("running_since", "running_at", meaning=_("when it answered first")),
            Told("ended", "ended_at", meaning=_("when it ended")),
            Told("users", "users", meaning=_("named users, as reported last")),
            Told("terminals", "terminals", meaning=_("POS terminals, as reported last")),
            Told("disk_mb", "disk_mb", meaning=_("disk space in MB, as reported last")),
        ],
        Instance.objects.filter(customer_id=customer_id).order_by("pk"),
    )
    yield Table(
        "instance_events",
        _("What happened to the instances."),
        [
            INSTANCE,
            Told("at", "at", meaning=_("when")),
            Told("kind", "kind", meaning=_("kind of event")),
            Told("text", "text", meaning=_("in words")),
        ],
        InstanceEvent.objects.filter(customer_id=customer_id).order_by("at", "pk"),
    )
    yield Table(
        "suspensions",
        _("When and why instances were suspended."),
        [
            INSTANCE,
            Told("cause", "cause", meaning=_("unpaid, staff, abuse or term_ended")),
            Told("reason", "reason_told", meaning=_("in words")),
            Told("from", "opened_at", meaning=_("from")),
            Told("to", "closed_at", meaning=_("up to and without")),
        ],
        Suspension.objects.filter(customer_id=customer_id).with_reason_told().order_by("opened_at", "pk"),
    )
    yield Table(
        "deletions",
        _("When instances were to be deleted, and their last backups."),
        [
            INSTANCE,
            Told("foretold", "opened_at", meaning=_("when that was foretold")),
            Told("backed_up", "backed_up_at", meaning=_("when the last backup was taken")),
            Told("delete_on", "delete_on", "date", meaning=_("the day")),
            Told("withdrawn", "withdrawn_at", meaning=_("when it was called off")),
        ],
        Deletion.objects.filter(customer_id=customer_id).order_by("opened_at", "pk"),
    )
    yield Table(
        "usage_by_day",
        _("The highest counts that an instance reported for a day (UTC)."),
        [
            INSTANCE,
            Told("day", "day", "date", meaning=_("the day")),
            Told("users", "users", meaning=_("named users")),
            Told("terminals", "terminals", meaning=_("POS terminals")),
            Told("disk_mb", "disk_mb", meaning=_("disk space in MB")),
        ],
        UsageReading.objects.filter(customer_id=customer_id).order_by("day", "pk"),
    )
    amount = Cast(F("billable") * F("unit_amount"), BigIntegerField())
    yield Table(
        "usage_by_cycle",
        _("What was used within a billing cycle, and what it costs."),
        [
            INSTANCE,
            Told("meter", "meter", meaning=_("users, terminals or disk (in GB)")),
            Told("from", "starts", meaning=_("from")),
            Told("to", "ends", meaning=_("up to and without")),
            Told("peak", "peak", meaning=_("the highest count")),
            Told("included", "included", meaning=_("how many the plan includes")),
            Told("billable", "billable", meaning=_("how many are billed")),
            CURRENCY,
            Told("price", "unit_amount", "money", meaning=_("price of one")),
            Told("amount", "cost", "money", meaning=_("price of all")),
        ],
        UsageCycle.objects.filter(customer_id=customer_id).annotate(cost=amount).order_by("starts", "pk"),
    )
