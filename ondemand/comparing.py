"""What Stripe and we say of the same objects, compared; what differs is written anew and noted.

Events are rung once and may be lost (stripe.md, "What comes in"). Each app declares the kinds that are its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import F, Q, QuerySet

from ondemand import clock
from ondemand.gateway.errors import GatewayError, NotFound, NothingStored, Unavailable
from ondemand.inbox import NotYetKnown, lock_object
from ondemand.models import Comparison, Difference
from ondemand.tenancy.context import as_worker

log = logging.getLogger(__name__)
USUAL = timedelta(days=60)
NIGHT = timedelta(hours=2)  # after midnight
LONGEST = timedelta(hours=3)  # one that has not ended by then was killed
PAGE = 100
Values = dict[str, Any]


class CannotMend(Exception):
    """What Stripe says cannot simply be written here; the message says what to do."""


@dataclass(frozen=True)
class Kind:
    """One kind of object: Stripe's facts and our rows have the same `fields`, rows a `stripe_id` besides.

    `unfinished` are the rows that may still change, however old. `mend` brings our row to what Stripe says, in a
    transaction of its caller's that holds the object's lock; it raises CannotMend where a person must decide.
    An object that belongs to nothing here is a difference where `alarms` says so of what Stripe has.
    """

    name: str
    fields: tuple[str, ...]
    rows: Callable[[], QuerySet[Any]]
    unfinished: Callable[[], QuerySet[Any]]
    listed: Callable[[datetime | None], Iterator[Any]]
    fetch: Callable[[str], Any]
    mend: Callable[[str, datetime], None]
    alarms: Callable[[Values], bool] = lambda values: True


def compare_nightly(part: str, kinds: Iterable[Kind], *, now: datetime) -> None:
    """Once after two in the zone's night, or as soon after it as someone calls and Stripe answers to the end."""
    night = clock.midnight(clock.business_day(now - NIGHT)) + NIGHT
    done = Q(started_at__gte=night, finished_at__isnull=False, error="")
    under_way = Q(started_at__gt=now - LONGEST, finished_at=None)
    with as_worker():
        nothing_to_do = Comparison.objects.filter(done | under_way, part=part).exists()
    if not nothing_to_do:
        compare(part, kinds, since=now - USUAL, now=now)


def compare(part: str, kinds: Iterable[Kind], *, since: datetime | None, now: datetime) -> Comparison:
    """Compare what was created since then and what is unfinished; None: everything. Returns the row that notes it."""
    with as_worker():
        made = Comparison.objects.create(part=part, since=since, started_at=now)
    error = ""
    try:
        for kind in kinds:
            _compare_kind(made, kind, since, now)
    except GatewayError as problem:
        error = str(problem)[:2000]
    with as_worker():
        Comparison.objects.filter(pk=made.pk).update(finished_at=clock.now(), error=error)
        return Comparison.objects.get(pk=made.pk)


def _compare_kind(made: Comparison, kind: Kind, since: datetime | None, now: datetime) -> None:
    seen: set[str] = set()
    for facts in _pages(kind.listed(since)):
        theirs: dict[str, Values | None] = {each.id: _values(kind, each) for each in facts}
        seen.update(theirs)
        _compare_page(made, kind, theirs, now)
    with as_worker():
        ids = [id for id in kind.unfinished().values_list("stripe_id", flat=True) if id not in seen]
    for page in _pages(iter(ids)):
        _compare_page(made, kind, {id: _fetched(kind, id) for id in page}, now)


def _pages(found: Iterator[Any]) -> Iterator[list[Any]]:
    while page := list(islice(found, PAGE)):
        yield page


def _values(kind: Kind, facts: Any) -> Values:
    return {name: getattr(facts, name) for name in kind.fields}


def _fetched(kind: Kind, id: str) -> Values | None:
    """None where Stripe has it no more."""
    try:
        facts = kind.fetch(id)
    except NotFound:
        return None
    return _values(kind, facts) if facts else None


def _compare_page(made: Comparison, kind: Kind, theirs: dict[str, Values | None], now: datetime) -> None:
    with as_worker():
        ours = _ours(kind, list(theirs))
        Comparison.objects.filter(pk=made.pk).update(looked_at=F("looked_at") + len(theirs))
    for id, values in theirs.items():
        if ours.get(id) != values:
            _mend(made, kind, id, values, now)


def _ours(kind: Kind, ids: list[str]) -> dict[str, Values]:
    rows = kind.rows().filter(stripe_id__in=ids).values("stripe_id", *kind.fields)
    return {row.pop("stripe_id"): row for row in rows}


def _mend(made: Comparison, kind: Kind, id: str, theirs: Values | None, now: datetime) -> None:
    """Note what changed by it. Nothing did where an event was quicker."""
    before, after, error = {}, theirs or {}, ""
    try:
        with as_worker():
            lock_object("", id)
            before = _ours(kind, [id]).get(id, {})
            kind.mend(id, now)
            after = _ours(kind, [id]).get(id, {})
    except NotYetKnown as problem:
        if not kind.alarms(theirs or {}):
            return
        error = str(problem)
    except (Unavailable, NothingStored):
        raise
    except Exception as problem:  # one that cannot be mended must not hide the others
        log.warning("%s %s: %s: %s", kind.name, id, type(problem).__name__, problem)
        error = str(problem) or type(problem).__name__
    if before != after or error:
        _note(made, kind, id, before, after, error)


def _note(made: Comparison, kind: Kind, id: str, before: Values, after: Values, error: str) -> None:
    names = [name for name in kind.fields if before.get(name) != after.get(name)]
    with as_worker():
        Difference.objects.create(
            comparison=made,
            kind=kind.name,
            object_id=id,
            ours={name: before.get(name) for name in names},
            theirs={name: after.get(name) for name in names},
            error=error[:2000],
        )
