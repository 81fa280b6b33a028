"""The Dashboard's figures: few queries, each over a whole set. Two values: now, and one period before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from commissions.models import Commission
from customers.models import Customer, Subscription
from instances.models import Instance, UsageCycle
from ondemand.clock import midnight, month_start, months_after, months_later
from signup.models import PageVisits, SignUp

FUNNEL_DAYS = 30
BOOTS = 100
NOT_YET = (Subscription.State.INCOMPLETE, Subscription.State.INCOMPLETE_EXPIRED)


@dataclass(frozen=True)
class Change:
    now: int
    before: int


@dataclass(frozen=True)
class Counts:
    customers: Change
    past_due: int
    leaving: int
    running: Change
    failing: int


@dataclass(frozen=True)
class Funnel:
    visits: int
    started: int
    accepted: int
    running: int
    boot_seconds: int | None  # the median of the last boots


def counts(partner_id: int, today: date) -> Counts:
    """Customers and running instances now, and as the month began."""
    began = midnight(month_start(today))
    ending = Subscription.objects.ending().filter(partner_id=partner_id, customer_id=OuterRef("pk"))
    customers = Customer.objects.for_partner(partner_id).aggregate(
        now=Count("pk"),
        before=Count("pk", filter=Q(acquired_at__lt=began)),
        past_due=Count("pk", filter=Q(state=Customer.State.PAST_DUE)),
        leaving=Count("pk", filter=Exists(ending)),
    )
    not_ended = Q(ended_at=None) | Q(ended_at__gte=began)
    instances = Instance.objects.for_partner(partner_id).aggregate(
        now=Count("pk", filter=Q(state=Instance.State.RUNNING)),
        before=Count("pk", filter=Q(running_at__lt=began) & not_ended),
        failing=Count("pk", filter=Q(state=Instance.State.FAILED)),
    )
    return Counts(
        Change(customers["now"], customers["before"]),
        customers["past_due"],
        customers["leaving"],
        Change(instances["now"], instances["before"]),
        instances["failing"],
    )


def recurring(partner_id: int, now: datetime) -> dict[str, Change]:
    """Monthly recurring revenue per currency, in minor units: for each subscription that lives, its plan's base
    price of a month, and what it used in its last whole billing cycle (billed quantity × price of one). The same a
    month before, of the subscriptions that lived then. Before tax and discounts; what is past due counts.
    """
    then = months_later(now, -1)
    mine = Subscription.objects.filter(partner_id=partner_id).exclude(state__in=NOT_YET).order_by()
    priced = mine.annotate(
        price_now=F("plan__base") + _used_before(now), price_then=F("plan__base") + _used_before(then)
    )
    sums = priced.values_list("plan__currency").annotate(
        now=Sum("price_now", filter=_lives_at(now), default=0),
        before=Sum("price_then", filter=_lives_at(then), default=0),
    )
    return {currency: Change(value, before) for currency, value, before in sums if value or before}


def _lives_at(instant: datetime) -> Q:
    return Q(started_at__lte=instant) & (Q(ended_at=None) | Q(ended_at__gt=instant))


def _used_before(instant: datetime) -> Coalesce:
    """Of the cycle that ended last: cycles follow one another by a month."""
    cycles = UsageCycle.objects.filter(
        partner_id=OuterRef("partner_id"),
        customer_id=OuterRef("customer_id"),
        subscription_stripe_id=OuterRef("stripe_id"),
        ends__lte=instant,
        ends__gt=months_later(instant, -1),
    )
    used = cycles.order_by().values("subscription_stripe_id").annotate(used=Sum(F("billable") * F("unit_amount")))
    return Coalesce(Subquery(used.values("used"), BigIntegerField()), 0)


def commission_by_month(partner_id: int, today: date) -> dict[str, dict[date, int]]:
    """Per currency and booked month, of this month and the 23 before it; a month without rows is left out."""
    first = months_after(month_start(today), -23)
    rows = Commission.objects.for_partner(partner_id).filter(date__gte=first, month__gte=first).order_by()
    found: dict[str, dict[date, int]] = {}
    for currency, month, amount in rows.values_list("currency", "month").annotate(Sum("amount")).order_by("currency"):
        found.setdefault(currency, {})[month] = amount
    return found


def funnel(partner_id: int, now: datetime, today: date) -> Funnel:
    """Of the pages' visits and the sign-ups begun in the last 30 days: how far they came."""
    since = today - timedelta(days=FUNNEL_DAYS)
    visits = PageVisits.objects.filter(partner_id=partner_id, day__gt=since).aggregate(sum=Sum("visits", default=0))
    runs = Instance.objects.filter(pk=OuterRef("instance_id"), partner_id=OuterRef("partner_id"), running_at__lte=now)
    begun = SignUp.objects.filter(partner_id=partner_id, created_at__gte=now - timedelta(days=FUNNEL_DAYS))
    accepted = Q(state=SignUp.State.COMPLETED)
    steps = begun.annotate(runs=Exists(runs)).aggregate(
        started=Count("pk"), accepted=Count("pk", filter=accepted), running=Count("pk", filter=accepted & Q(runs=True))
    )
    return Funnel(visits["sum"], **steps, boot_seconds=_median_boot(partner_id))


def _median_boot(partner_id: int) -> int | None:
    booted = Instance.objects.for_partner(partner_id).filter(running_at__isnull=False, boot_started_at__isnull=False)
    newest = booted.order_by("-running_at").values_list("boot_started_at", "running_at")[:BOOTS]
    return middle(ran - began for began, ran in newest if began and ran)


def middle(lengths: Iterable[timedelta]) -> int | None:
    """The median in whole seconds."""
    seconds = sorted(length // timedelta(seconds=1) for length in lengths)
    return int(median(seconds)) if seconds else None


def newest_customers(partner_id: int, limit: int = 5) -> QuerySet[Any]:
    mine = Customer.objects.for_partner(partner_id).select_related("plan")
    return mine.order_by("-acquired_at", "-pk")[:limit]
