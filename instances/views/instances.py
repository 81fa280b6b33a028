"""The App Instances screen: the list, and one instance with its usage, price and boot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_skeleton
from django.db.models import F, IntegerField, QuerySet, Value
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext, to_locale
from django.utils.translation import gettext_lazy as _

from customers.models import Subscription
from customers.views.plan_facts import plan_sections
from customers.views.risk import unpaid_of
from customers.views.upcoming import upcoming_sections
from instances.filters import InstanceFilter
from instances.models import Instance, InstanceEvent, UsageCycle, UsageReading
from instances.tables import TONES, EventTable, InstancesWithoutMoney, InstanceTable
from instances.views.stops import stop_facts
from instances.words import read
from ondemand import charts
from ondemand.clock import business_day, now, usage_day
from ondemand.portal import values
from ondemand.portal.detail import DetailScreen, Fact, Facts, Rows, first_rows
from ondemand.portal.exports import Column
from ondemand.scopes import SUPPORT, partner_id_of, sees_money
from ondemand.screens import PartnerList, by_role

CHART_DAYS = 90
BASICS = [
    Column("id", "pk"),
    Column("address", "address"),
    Column("customer", "customer__name"),
    Column("product", "product__name"),
    Column("plan", "plan__name"),
    Column("state", "state"),
    Column("users", "users", "number"),
    Column("terminals", "terminals", "number"),
    Column("disk_gb", "gigabytes", "number"),
    Column("ends_on", "subscription__cancel_at", "date"),
]
GIGABYTES = Cast((F("disk_mb") + Value(1023)) / Value(1024), IntegerField())  # rounded up, as they are billed
MONEY = [Column("price", "price", "money", "plan__currency"), Column("currency", "plan__currency")]


class InstanceList(PartnerList):
    title = _("App Instances")
    kicker = _("Support")
    roles = SUPPORT
    table_class = InstanceTable
    filter_class = InstanceFilter
    currency_field = "plan__currency"
    totals = [(_("Named users"), "users"), (_("POS terminals"), "terminals"), (_("Price so far"), "price")]
    tabs = [(_("Running"), "state=running"), (_("Failed"), "state=failed")]
    export = [*BASICS, *MONEY]
    export_name = "instances"
    empty_title = _("No instances yet")
    empty_text = _("An instance boots as soon as a customer has registered through one of your sign-up pages.")
    empty_action = (_("Your sign-up pages"), "/sign-up-pages/")

    def rows(self, request: HttpRequest) -> QuerySet[Instance]:
        mine = Instance.objects.for_partner(partner_id_of(request)).priced(now())
        return mine.annotate(gigabytes=GIGABYTES).select_related("customer", "product", "plan", "subscription")


class InstancesForSupport(InstanceList):
    table_class = InstancesWithoutMoney
    totals = InstanceList.totals[:2]
    export = BASICS


instances = by_role(InstanceList, finance=InstanceList, support=InstancesForSupport)


class InstanceDetail(DetailScreen):
    back = (_("App Instances"), "instances")
    roles = SUPPORT
    template_name = "instances/detail.html"

    def rows(self, request: HttpRequest) -> QuerySet[Instance]:
        mine = Instance.objects.for_partner(partner_id_of(request)).priced(now())
        return mine.select_related("customer", "product", "plan", "subscription")

    def title(self, row: Instance) -> str:
        return row.name

    def sections(self, row: Instance) -> list[Facts | Rows]:
        own = Subscription.objects.filter(pk=row.subscription_id)
        foretold = [Fact(_("Suspension"), str(outlook)) for _row, outlook in unpaid_of(own)]
        return [
            Facts([*about(row), *foretold], _("Instance")),
            Facts(measures(row), _("Last reading")),
            *plan_sections(own),
            *(upcoming_sections(own) if sees_money(self.request) else []),
        ]

    def extra(self, request: HttpRequest, row: Instance) -> dict[str, Any]:
        at = now()
        money = price_of(row, at) if sees_money(request) else {}
        return money | {
            "address": row.address if row.state == Instance.State.RUNNING else "",
            "activation_key": row.activation_key,
            "steps": boot_steps(row),
            "boot_failure": failure_of(row),
            "usage": usage_chart(row, at),
            "events": Rows(_("Events"), first_rows(EventTable, InstanceEvent.objects.filter(instance=row), 30)),
        }


def about(row: Instance) -> list[Fact]:
    return [
        Fact(_("State"), values.badge(row.get_state_display(), TONES.get(Instance.State(row.state), "calm"))),
        *stop_facts(row),
        Fact(_("Address"), values.site(row.address)),
        Fact(_("Customer"), values.link(row.customer.get_absolute_url(), row.customer)),
        Fact(_("Product and plan"), f"{row.product} · {row.plan}"),
        *term_facts(row.subscription),
        Fact(_("Version"), row.version),
        Fact(_("Running since"), row.running_at and values.instant(row.running_at)),
        Fact(_("Ended on"), values.instant(row.ended_at))
        if row.ended_at
        else Fact(_("Ordered"), values.instant(row.created_at)),
    ]


def term_facts(subscription: Subscription) -> list[Fact]:
    if subscription.state in Subscription.ENDED:
        return []
    if at := subscription.ends_at:
        return [Fact(_("Ends on"), values.day(business_day(at)), help=_("The subscription was cancelled."))]
    day = values.day(business_day(subscription.term_ends_at(now())))
    return [Fact(_("Term ends on"), day, help=_("It renews by itself."))]


def measures(row: Instance) -> list[Fact]:
    return [
        Fact(_("Named users"), values.number(row.users), big=True),
        Fact(_("POS terminals"), values.number(row.terminals), big=True),
        Fact(_("Disk (GB)"), values.number(row.disk_gb), big=True),
        Fact(_("Last heartbeat"), row.last_heartbeat_at and values.instant(row.last_heartbeat_at)),
        Fact(_("Usage"), values.link(reverse("instance-usage", args=[row.pk]), _("By cycle and day"))),
    ]


STEP_STATES = {"running": "now", "done": "done", "failed": "failed"}


def boot_steps(row: Instance) -> list[dict[str, str]]:
    return [
        {"label": read(step["label"]), "state": STEP_STATES.get(step["state"], ""), "note": ""} for step in row.steps
    ]


def failure_of(row: Instance) -> dict[str, Any] | None:
    if row.state != Instance.State.FAILED:
        return None
    error = read(row.error) or gettext("the reason is not known")
    return {
        "what": gettext("The boot failed: %(error)s") % {"error": error},
        "next": gettext(
            "Openbravo has been told and will try again. Nothing is lost; the customer is mailed when it runs."
        ),
    }


def price_of(row: Instance, at: datetime) -> dict[str, Any]:
    """How the price of this cycle so far is made; nothing for what has ended."""
    price: int | None = getattr(row, "price", None)
    if price is None:
        return {}
    currency = row.plan.currency
    base = (_("Base price of a month"), 1, values.money(row.plan.base, currency), values.money(row.plan.base, currency))
    return {"price": [base, *metered(row, at)], "price_total": values.money(price, currency)}


def metered(row: Instance, at: datetime) -> Iterator[tuple[str, str, str, str]]:
    cycles = UsageCycle.objects.filter(partner_id=row.partner_id, instance_id=row.pk).at(at).order_by("-meter")
    for cycle in cycles:
        counts = {"peak": values.number(cycle.peak), "included": values.number(cycle.included)}
        yield (
            capfirst(cycle.get_meter_display()),
            gettext("%(peak)s at most − %(included)s included") % counts,
            values.money(cycle.unit_amount, cycle.currency),
            values.money(cycle.amount, cycle.currency),
        )


def usage_chart(row: Instance, at: datetime) -> Any:
    """Named users by day; days without a reading are gaps."""
    first = usage_day(at) - timedelta(days=CHART_DAYS - 1)
    readings = UsageReading.objects.filter(partner_id=row.partner_id, instance_id=row.pk, day__gte=first)
    found = dict(readings.values_list("day", "users"))
    if not found:
        return None
    days = [first + timedelta(days=count) for count in range(CHART_DAYS)]
    points = [charts.Point(short_day(day), found.get(day), None) for day in days]
    title = gettext("Named users by day")
    return charts.year_chart(points, title=title, short=values.number, exact=values.number, period=gettext("Day"))


def short_day(day: date) -> str:
    return str(format_skeleton("MMMd", day, locale=to_locale(get_language() or "en")))
