"""Makes a zone's past year by driving the path, once, before its web process and workers run."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import connection

from ondemand import clock, hints
from ondemand.demo.agreement import problems, summary
from ondemand.demo.history import History
from ondemand.tenancy.context import as_worker
from partners.models import Partner

WIDTH = 30  # of the bar


class Command(BaseCommand):
    help = "Make the demo's history in an empty zone, with both stand-ins running."

    def handle(self, **options: Any) -> None:
        if settings.STRIPE_MODE != "standin" or settings.ONDEMAND_ENV == "production":
            raise CommandError("The history is made with Stripe's stand-in only, never in production.")
        with as_worker():
            if Partner.objects.exists():
                raise CommandError("This zone has partners already: the history begins with an empty zone.")
        with connection.cursor() as cursor:  # what is broken off is made anew
            cursor.execute("SET synchronous_commit = off")
        with hints.muted():
            History(clock.now()).make(Bar().tell)
        found = problems()
        self.stdout.write(summary())
        if found:
            raise CommandError("The history does not agree with Stripe: " + "; ".join(found))


class Bar:
    """For the supervisor a line for each per cent; on a terminal one line that grows."""

    def __init__(self) -> None:
        self.shown, self.draws = -1, sys.stdout.isatty()

    def tell(self, percent: int, at: datetime) -> None:
        if percent == self.shown:
            return
        self.shown = percent
        words = f"{at:%B %Y}"
        if not self.draws:
            print(f"PROGRESS {percent} {words}", flush=True)
            return
        full = WIDTH * percent // 100
        end = "\n" if percent == 100 else ""
        print(f"\r{'█' * full}{'░' * (WIDTH - full)} {percent:3} % {words:16}", end=end, flush=True)
