"""A row that is a call to Stripe: its key is committed before and cleared after, so that the call may be repeated."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from ondemand.backoff import next_try
from ondemand.gateway.errors import NotFound, Refused

DEFINITE = (Refused, NotFound)


class Call(models.Model):
    """`next_try_at` is the job. A `call_key` that stands means that a call was begun, and its end not seen."""

    call_key = models.CharField(max_length=80, blank=True)
    calls = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.TextField(blank=True)

    class Meta:
        abstract = True

    def claim(self, kind: str, *, until: datetime) -> None:
        """Begin a call, or go on with the one that was begun; nobody else does before then. The caller has the row."""
        if not self.call_key:
            self.calls += 1
            self.call_key = f"{kind}-{self.pk}-{self.calls}"
        self.next_try_at = until
        self.save(update_fields=["calls", "call_key", "next_try_at"])

    def failed(self, error: Exception, now: datetime, *, definite: bool) -> dict[str, Any]:
        """What to write. A definite no is stored under its key at Stripe, so the next try takes a new one."""
        tries = min(self.tries + 1, 1000)
        key, later = "" if definite else self.call_key, next_try(now, tries)
        return {"call_key": key, "tries": tries, "next_try_at": later, "error": str(error)[:500]}
