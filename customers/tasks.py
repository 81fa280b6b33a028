"""Jobs of billing: events about customers' objects at Stripe."""

from __future__ import annotations

from customers import sync
from ondemand import clock, inbox
from ondemand.hints import hint
from ondemand.jobs import job


@job
def take_events() -> None:
    if inbox.take(sync.KINDS, sync.sync, now=clock.now()):
        hint("commissions.tasks.accrue")
