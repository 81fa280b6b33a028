"""What instances report: a day's highest counts, and with them the peak of the billing cycle that the day is in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from customers.models import Assignment, PlanHistory, Subscription
from instances.models import Instance, Suspension, UsageCycle, UsageReading, whole_gb
from ondemand import clock, signing
from ondemand.bodies import parsed
from ondemand.hints import hint
from partners.models import Plan

log = logging.getLogger(__name__)
MOST = {"named_users": 100_000, "pos_terminals": 100_000, "disk_mb": 100_000_000}
OLDEST = timedelta(days=400)
MOST_READINGS = 400


class Refused(Exception):
    """The heartbeat as a whole is not taken; the message says why, to whoever runs the instance."""


class NotSigned(Refused):
    """Nobody with the instance's key sent it."""


@dataclass(frozen=True)
class Reading:
    day: date
    users: int
    terminals: int
    disk_mb: int


@dataclass(frozen=True)
class Outcome:
    accepted: int
    refused: list[str]


def receive(body: bytes, *, instance_id: str, signature: str, now: datetime) -> Outcome:
    """Check who sent it, then record each good reading; an absurd one is refused alone and logged.

    Raises NotSigned for an unknown instance or a wrong key, Refused for a body that is none.
    """
    instance = _signed_by(body, instance_id, signature, now)
    payload = _parsed(body)
    readings, refused = _readings(payload, instance, now)
    for words in refused:
        log.warning("heartbeat of %s: refused %s", instance.name, words)
    version = payload.get("version")
    Instance.objects.filter(pk=instance.pk).update(
        last_heartbeat_at=now, version=version[:40] if isinstance(version, str) else instance.version
    )
    record(instance, readings, now=now)
    if instance.state == Instance.State.BOOTING:
        hint("instances.tasks.boot", instance.pk)
    return Outcome(len(readings), refused)


def _signed_by(body: bytes, instance_id: str, signature: str, now: datetime) -> Instance:
    try:
        public_id = UUID(instance_id)
    except ValueError:
        raise NotSigned("unknown instance") from None
    found = Instance.objects.live().select_related("product", "subscription__plan").filter(public_id=public_id).first()
    if found is None or not signing.is_signed(body, signature, key=found.heartbeat_key, now=now):
        raise NotSigned("unknown instance, or a wrong key")
    return found


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        payload = parsed(body)
    except ValueError:
        raise Refused("the body is not JSON") from None
    if not isinstance(payload, dict) or not isinstance(payload.get("readings"), list):
        raise Refused("the body needs a list of readings")
    if len(payload["readings"]) > MOST_READINGS:
        raise Refused(f"at most {MOST_READINGS} readings at once")
    return payload


def _readings(payload: dict[str, Any], instance: Instance, now: datetime) -> tuple[list[Reading], list[str]]:
    taken: list[Reading] = []
    refused: list[str] = []
    for given in payload["readings"]:
        try:
            taken.append(_reading(given, instance, now))
        except (ValueError, TypeError, KeyError) as error:
            refused.append(f"{str(given)[:80]}: {error}")
    return taken, refused


def _reading(given: dict[str, Any], instance: Instance, now: datetime) -> Reading:
    day = date.fromisoformat(given["day"])
    if not clock.usage_day(now) - OLDEST <= day <= clock.usage_day(now):
        raise ValueError("the day is in the future or too long ago")
    if clock.end_of_usage_day(day) <= instance.created_at:
        raise ValueError("the day is before the instance was ordered")
    for name, most in MOST.items():
        if type(given[name]) is not int or not 0 <= given[name] <= most:
            raise ValueError(f"{name} must be a whole number from 0 to {most}")
    if given["pos_terminals"] and not instance.product.retail:
        raise ValueError("the product has no POS terminals")
    return Reading(day, given["named_users"], given["pos_terminals"], given["disk_mb"])


READINGS = """
INSERT INTO instances_usagereading AS r
  (partner_id, customer_id, assignment_id, instance_id, day, users, terminals, disk_mb, received_at)
SELECT partner, customer, assignment, %s, day, users, terminals, disk_mb, %s
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::date[], %s::int[], %s::int[], %s::int[])
  AS given(partner, customer, assignment, day, users, terminals, disk_mb)
ON CONFLICT (partner_id, instance_id, day) DO UPDATE SET
  users = greatest(r.users, excluded.users), terminals = greatest(r.terminals, excluded.terminals),
  disk_mb = greatest(r.disk_mb, excluded.disk_mb), received_at = excluded.received_at"""


def record(instance: Instance, readings: list[Reading], *, now: datetime) -> None:
    """Write readings and raise the peaks of their cycles, but for days on which it was suspended.

    Late, repeated, in any order: the same rows.
    """
    if not readings:
        return
    assignments = list(Assignment.objects.filter(customer_id=instance.customer_id).order_by("since"))
    by_day = _highest(readings)
    _write(instance, assignments, by_day, now)
    plans = PlanHistory(instance.subscription)
    rest = Suspension.objects.filter(partner_id=instance.partner_id, instance=instance).rest()
    counted = [each for each in by_day if not rest.holds(each.day)]
    for assignment, cycle, peaks in _peaks(instance.subscription, assignments, counted):
        _raise_peaks(instance, assignment, cycle, plans.at(cycle[0]), peaks, now)
    last = by_day[-1]
    later = UsageReading.objects.filter(partner_id=instance.partner_id, instance_id=instance.pk, day__gt=last.day)
    if not later.exists():  # a heartbeat may bring old days alone
        shown = {"users": last.users, "terminals": last.terminals, "disk_mb": last.disk_mb}
        Instance.objects.filter(pk=instance.pk).update(**shown)


def _highest(readings: list[Reading]) -> list[Reading]:
    """One a day, in order: a statement may meet a row once, and two heartbeats lock rows in one order."""
    days: dict[date, Reading] = {}
    for each in sorted(readings, key=lambda reading: reading.day):
        known = days.get(each.day, each)
        days[each.day] = Reading(
            each.day,
            max(known.users, each.users),
            max(known.terminals, each.terminals),
            max(known.disk_mb, each.disk_mb),
        )
    return list(days.values())


def _write(instance: Instance, assignments: list[Assignment], by_day: list[Reading], now: datetime) -> None:
    rows = []
    for each in by_day:
        held = _in_force(assignments, clock.end_of_usage_day(each.day))
        owner = (held.partner_id, held.customer_id, held.pk)
        rows.append((*owner, each.day, each.users, each.terminals, each.disk_mb))
    with connection.cursor() as cursor:
        cursor.execute(READINGS, [instance.pk, now, *map(list, zip(*rows, strict=True))])


def _in_force(assignments: list[Assignment], at: datetime) -> Assignment:
    held = [each for each in assignments if each.since <= at and (each.until is None or at < each.until)]
    return held[0] if held else assignments[0]


Cycle = tuple[datetime, datetime]


def _peaks(
    subscription: Subscription, assignments: list[Assignment], readings: list[Reading]
) -> Iterator[tuple[Assignment, Cycle, dict[str, int]]]:
    """A usage day is a UTC day, in the cycle that holds its end."""
    by_cycle: dict[Cycle, list[Reading]] = {}
    for reading in readings:
        end = clock.end_of_usage_day(reading.day)
        by_cycle.setdefault(subscription.cycle_at(end), []).append(reading)
    for cycle, found in by_cycle.items():
        yield (
            _in_force(assignments, cycle[1]),
            cycle,
            {
                UsageCycle.Meter.USERS: max(each.users for each in found),
                UsageCycle.Meter.TERMINALS: max(each.terminals for each in found),
                UsageCycle.Meter.DISK: max(whole_gb(each.disk_mb) for each in found),
            },
        )


PEAKS = """
INSERT INTO instances_usagecycle AS c
  (partner_id, customer_id, assignment_id, instance_id, subscription_stripe_id, meter, plan_id, starts, ends,
   included, unit_amount, currency, early, peak, billable, pushed, settled, item_id, push_key, push_quantity, pushes,
   tries, next_try_at, error)
SELECT %(partner)s, %(customer)s, %(assignment)s, %(instance)s, %(subscription)s, meter, %(plan)s, %(starts)s,
  %(ends)s, included, unit, %(currency)s, %(early)s, peak, greatest(peak - included, 0), 0, 0, '', '', 0, 0,
  0, %(first)s, ''
FROM unnest(%(meters)s, %(included)s, %(units)s, %(peaks)s) AS given(meter, included, unit, peak)
ON CONFLICT (partner_id, instance_id, meter, starts) DO UPDATE SET
  peak = greatest(c.peak, excluded.peak),
  billable = greatest(c.billable, greatest(c.peak, excluded.peak) - c.included)
RETURNING id, billable <> pushed"""


def _raise_peaks(
    instance: Instance, assignment: Assignment, cycle: Cycle, plan: Plan, peaks: dict[str, int], now: datetime
) -> None:
    """A cycle is priced by the plan that it began with (docs/adr/0011-a-change-of-plan.md).

    A day may end in the next cycle, whose plan may still change: see plans.price.
    """
    priced = prices(plan)
    values: dict[str, Any] = {
        "partner": assignment.partner_id,
        "customer": assignment.customer_id,
        "assignment": assignment.pk,
        "instance": instance.pk,
        "subscription": instance.subscription.stripe_id,
        "plan": plan.pk,
        "starts": cycle[0],
        "ends": cycle[1],
        "currency": plan.currency,
        "meters": list(map(str, peaks)),
        "included": [priced[meter][0] for meter in peaks],
        "units": [priced[meter][1] for meter in peaks],
        "peaks": list(peaks.values()),
        "early": now < cycle[0],
        "first": max(now, cycle[0]),  # in an earlier cycle it would go on that one's invoice
    }
    with connection.cursor() as cursor:
        cursor.execute(PEAKS, values)
        for cycle_id, behind in cursor.fetchall():
            if behind:
                hint("instances.tasks.push_usage", cycle_id)


def prices(plan: Plan) -> dict[str, tuple[int, int]]:
    """What each meter includes, and its price per unit above that."""
    return {
        UsageCycle.Meter.USERS: (plan.included_users, plan.per_user),
        UsageCycle.Meter.TERMINALS: (plan.included_terminals, plan.per_terminal),
        UsageCycle.Meter.DISK: (plan.included_gb, plan.per_gb),
    }
