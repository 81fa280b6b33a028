"""Bring our rows to what Stripe says, after webhooks were lost: events first, then every object compared."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

import commissions.tasks
import customers.comparing
import customers.tasks
import instances.comparing
import instances.tasks
import ondemand.tasks
import payments.comparing
import payments.tasks
import signup.tasks
from ondemand import clock, comparing
from ondemand.models import Comparison
from ondemand.tenancy.context import as_worker

PARTS = {
    "customers": customers.comparing.COMPARED,
    "instances": instances.comparing.COMPARED,
    "payments": payments.comparing.COMPARED,
}
EVENTS = (
    ondemand.tasks.poll_events,
    signup.tasks.take_events,
    signup.tasks.sweep,
    customers.tasks.take_events,
    payments.tasks.take_events,
)


class Command(BaseCommand):
    help = "Fetch what Stripe says again and write it here. Again: no differences."

    def add_arguments(self, parser: CommandParser) -> None:
        reach = parser.add_mutually_exclusive_group()
        reach.add_argument("--all", action="store_true", help="compare every object, however old")
        reach.add_argument("--since", metavar="YYYY-MM-DD", help="compare what was created since (60 days ago)")

    def handle(self, *, all: bool, since: str | None, **options: Any) -> None:
        now = clock.now()
        reach = None if all else _day(since) if since else now - comparing.USUAL
        for task in EVENTS:
            task()
        made = [comparing.compare(part, kinds, since=reach, now=now) for part, kinds in PARTS.items()]
        instances.tasks.sweep()
        commissions.tasks.accrue()
        for comparison in made:
            self._show(comparison)
        if any(comparison.error or _open(comparison) for comparison in made):
            raise CommandError("Not everything could be brought to what Stripe says: see above.")

    def _show(self, comparison: Comparison) -> None:
        with as_worker():
            differences = list(comparison.differences.all())
        kinds = Counter(each.kind for each in differences)
        differed = ", ".join(f"{count} of {kind}" for kind, count in kinds.items()) or "none differed"
        self.stdout.write(f"{comparison.part}: {comparison.looked_at} objects looked at; {differed}")
        for each in differences:
            said = "; ".join(f"{name}: {each.ours[name]} here, {each.theirs[name]} at Stripe" for name in each.ours)
            self.stdout.write(f"  {each.kind} {each.object_id}: {each.error or said}")
        if comparison.error:
            self.stdout.write(f"  stopped: {comparison.error}")


def _open(comparison: Comparison) -> bool:
    with as_worker():
        return comparison.differences.exclude(error="").exists()


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise CommandError(f"--since {text}: write a day as YYYY-MM-DD") from None
