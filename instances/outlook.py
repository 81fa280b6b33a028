"""When an unpaid subscription's instances will be suspended: what may be promised of it, and in which words.

While the brake is closed nobody knows the day, only before which one nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.utils.translation import gettext as _

from customers.models import Subscription
from instances.models import Brake, Suspension
from ondemand import clock
from ondemand.portal import values


@dataclass(frozen=True)
class Outlook:
    """`day`: on it, or (unless `certain`) not before it; None: it may happen at any time, or has (`suspended`)."""

    day: date | None
    certain: bool
    suspended: bool = False

    def __str__(self) -> str:
        if self.suspended:
            return _("Suspended until it is paid; then it runs again within a minute.")
        if self.day is None:
            return _("Unless it is paid, the instances may be suspended at any time.")
        if self.certain:
            text = _("Unless it is paid, the instances are suspended on %(day)s.")
        else:
            text = _("Unless it is paid, the instances may be suspended; not before %(day)s.")
        return text % {"day": values.day_text(self.day)}


def outlooks(subscriptions: Iterable[Subscription], *, now: datetime) -> dict[int, Outlook]:
    """By subscription, of those with a suspension date (`with_suspension_date`) alone; nothing where none follows."""
    unpaid = [row for row in subscriptions if getattr(row, "suspends_at", None) and row.state not in Subscription.ENDED]
    if not unpaid or not settings.SUSPEND_UNPAID:
        return {}
    for_it = Suspension.objects.open().filter(cause=Suspension.Cause.UNPAID, instance__subscription__in=unpaid)
    suspended = set(for_it.values_list("instance__subscription_id", flat=True))
    certain = not Brake.objects.in_force().exists()
    return {row.pk: _outlook(row, certain, row.pk in suspended, now) for row in unpaid}


def _outlook(row: Subscription, certain: bool, suspended: bool, now: datetime) -> Outlook:
    at: datetime = row.suspends_at  # type: ignore[attr-defined]
    return Outlook(clock.business_day(at) if at > now and not suspended else None, certain, suspended)
