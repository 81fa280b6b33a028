"""Events from Stripe: stored once, then each app takes those about its own objects and fetches these again.

One object at a time is locked, fetched and written, in one transaction: order and repetition do not
matter. What fails is tried again with growing pauses and is dead after eight tries; nobody else waits.
What belongs to something that is not here yet, such as a sign-up in review, waits for a week, and so does
what Stripe did not answer about. What Stripe has no more, or what is nobody's here, is ignored for that reason.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from ondemand import audit
from ondemand.backoff import MOST_TRIES, next_try
from ondemand.gateway.errors import NotFound, NothingStored, TooMany, Unavailable
from ondemand.gateway.events import EventFacts, events_since
from ondemand.models import StripeEvent, StripeEventQuerySet, User
from ondemand.tenancy.context import as_worker

log = logging.getLogger(__name__)
OVERLAP = timedelta(minutes=10)
PATIENCE = timedelta(days=7)
MOST_UNANSWERED = 3  # in a row: then it is Stripe that ails, and the others wait for the next sweep
Sync = Callable[[str, str, datetime], None]  # object kind, object id, now
# By hand: bulk_create compiles such a statement anew for each event.
INSERT = """
INSERT INTO ondemand_stripeevent (id, account, type, object_kind, object_id, created, received_at, polled, payload,
  state, tries, next_try_at, error, reason)
VALUES (%(id)s, %(account)s, %(type)s, %(object_kind)s, %(object_id)s, %(created)s, %(received_at)s, %(polled)s,
  %(payload)s, %(state)s, %(tries)s, %(next_try_at)s, %(error)s, %(reason)s)
ON CONFLICT DO NOTHING"""


class NotYetKnown(Exception):
    """The object belongs to something that is not here yet; the event stays open."""


class Nobodys(Exception):
    """The object is nobody's here and will be nobody's; the message says why."""


PASSING = (NotYetKnown, Unavailable, NothingStored)


def store(event: EventFacts, *, wanted: bool, now: datetime) -> None:
    """Insert the event unless it is there. Nothing is asked first: the key decides. Needs INSERT alone."""
    row = _row(event, wanted=wanted, now=now)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, vars(row) | {"payload": json.dumps(row.payload)})


def _row(event: EventFacts, *, wanted: bool, now: datetime) -> StripeEvent:
    return StripeEvent(
        id=event.id,
        account=event.account,
        type=event.type,
        object_kind=event.object_kind,
        object_id=event.object_id,
        created=event.created,
        received_at=now,
        next_try_at=now,
        payload=event.payload,
        state=StripeEvent.State.WAITING if wanted and event.object_id else StripeEvent.State.IGNORED,
    )


def poll(*, wanted: frozenset[str], now: datetime, first: timedelta = timedelta(days=30)) -> int:
    """Store the events that no webhook brought, from the last one polled, with an overlap. Returns how many came.

    Not from the last one stored: webhooks may go on while polling does not, and lose some between.
    """
    with as_worker():
        last = StripeEvent.objects.filter(polled=True).order_by("-created").values_list("created", flat=True).first()
    found = list(events_since(last - OVERLAP if last else now - first))
    rows = [_row(event, wanted=event.object_kind in wanted, now=now) for event in reversed(found)]
    with as_worker():
        StripeEvent.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)
        StripeEvent.objects.filter(id__in=[row.pk for row in rows], polled=False).update(polled=True)
    return len(found)


def take(kinds: tuple[str, ...], sync: Sync, *, now: datetime, limit: int = 500) -> int:
    """Sync every object of these kinds that an event waits for. Returns how many objects were looked at.

    Stops where Stripe asks to be left alone, or does not answer about several in a row.
    """
    with as_worker():
        waiting = StripeEvent.objects.about(kinds).waiting(now).order_by("next_try_at")
        found = list(waiting.values_list("account", "object_kind", "object_id")[: limit * 4])
    objects = list(dict.fromkeys(found))[:limit]
    unanswered = 0
    for looked_at, (account, kind, object_id) in enumerate(objects, start=1):
        error = _take_one(account, kind, object_id, sync, now)
        unanswered = unanswered + 1 if isinstance(error, Unavailable) else 0
        if isinstance(error, TooMany) or unanswered == MOST_UNANSWERED:
            return looked_at
    return len(objects)


def _take_one(account: str, kind: str, object_id: str, sync: Sync, now: datetime) -> Exception | None:
    """Returns what went wrong, once it is noted."""
    about = StripeEvent.objects.filter(account=account, object_kind=kind, object_id=object_id)
    try:
        with as_worker():
            lock_object(account, object_id)
            ids = list(about.waiting(now).values_list("id", flat=True))
            if ids:
                sync(kind, object_id, now)
                _finish(ids, now)
    except (NotFound, Nobodys) as error:
        with as_worker():
            ignore(about.waiting(now), reason=str(error), now=now)
    except Exception as error:  # poison must not stop the others; it is noted and tried again
        log.warning("%s %s: %s: %s", kind, object_id, type(error).__name__, error)
        with as_worker():
            for event in about.waiting(now):
                _postpone(event, error, now)
        return error
    return None


def wake(customer: str, *, now: datetime) -> None:
    """What waits for this customer of Stripe's is looked at next. The caller opens the scope."""
    about_it = StripeEvent.objects.filter(state=StripeEvent.State.WAITING, payload__data__object__customer=customer)
    about_it.update(next_try_at=now)


def ignore(events: StripeEventQuerySet, *, reason: str, now: datetime) -> int:
    """Nobody needs them any more. The caller opens the scope."""
    return events.update(state=StripeEvent.State.IGNORED, reason=reason[:200], done_at=now)


def retry(events: StripeEventQuerySet, *, by: User, now: datetime) -> int:
    """Take those that wait or are dead at once, and count their tries anew. The caller opens the scope."""
    count = events.unfinished().update(state=StripeEvent.State.WAITING, tries=0, next_try_at=now)
    audit.record("events.retried", now=now, actor=by, count=count)
    return count


def set_aside(events: StripeEventQuerySet, *, by: User, why: str, now: datetime) -> int:
    """Staff say that nobody needs those that wait or are dead. The caller opens the scope."""
    ids = list(events.unfinished().values_list("pk", flat=True))
    if ids:
        ignore(events.filter(pk__in=ids), reason=why, now=now)
        audit.record("events.ignored", now=now, actor=by, count=len(ids), why=why, events=ids)
    return len(ids)


def lock_object(account: str, object_id: str) -> None:
    """One at a time may fetch and write an object; held to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{account}/{object_id}"])


def _finish(ids: list[str], now: datetime) -> None:
    StripeEvent.objects.filter(id__in=ids).update(state=StripeEvent.State.DONE, done_at=now, error="")


def _postpone(event: StripeEvent, error: Exception, now: datetime) -> None:
    event.tries += 1
    event.error = f"{type(error).__name__}: {error}"[:2000]
    event.next_try_at = max(next_try(now, event.tries), now + _asked_for(error))
    passing = isinstance(error, PASSING) and now < event.received_at + PATIENCE
    if event.tries >= MOST_TRIES and not passing:
        event.state = StripeEvent.State.DEAD
    event.save(update_fields=["tries", "error", "next_try_at", "state"])


def _asked_for(error: Exception) -> timedelta:
    """How long Stripe wants to be left alone."""
    return timedelta(seconds=error.wait if isinstance(error, TooMany) else 0)
