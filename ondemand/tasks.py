"""Jobs of the platform itself: mails, and events that no webhook brought."""

from __future__ import annotations

from django.conf import settings

from ondemand import clock, inbox, mail, retention
from ondemand.hints import hint
from ondemand.jobs import job
from ondemand.models import StripeEvent
from ondemand.tenancy.context import as_worker


@job
def send_mails() -> None:
    mail.send_due(now=clock.now())


@job
def poll_events() -> None:
    inbox.poll(wanted=frozenset(settings.STRIPE_WAKES), now=clock.now())


@job
def sweep() -> None:
    """What hints missed: mails, and the jobs that events wait for."""
    now = clock.now()
    mail.send_due(now=now)
    with as_worker():
        waiting = set(StripeEvent.objects.waiting(now).values_list("object_kind", flat=True).distinct())
    wakes = settings.STRIPE_WAKES | settings.STRIPE_CONNECT_WAKES
    for task in {wakes[kind] for kind in waiting if kind in wakes}:
        hint(task)


@job
def forget() -> None:
    """Once a day: what has been kept long enough."""
    retention.forget(now=clock.now())
