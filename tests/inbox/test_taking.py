"""What becomes of events that wait: each outcome of a look at their object."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection

import payments.tasks
from ondemand import clock, inbox
from ondemand.backoff import MOST_TRIES
from ondemand.gateway.errors import GatewayError, NotFound, NothingStored, TooMany, Unavailable
from ondemand.inbox import NotYetKnown
from tests.conftest import in_ci
from tests.inbox.events import event, states, store

pytestmark = in_ci

NOW = clock.instant(1_790_000_000)
KINDS = ("invoice",)


class Looks:
    """A sync that notes which objects it was called for; about some it raises."""

    def __init__(self, **errors: Exception) -> None:
        self.errors, self.at = errors, list[str]()

    def __call__(self, kind: str, object_id: str, now: datetime) -> None:
        self.at.append(object_id)
        if object_id in self.errors:
            raise self.errors[object_id]


def take_often(sync: Looks, times: int, *, apart: timedelta = timedelta(days=1), since: datetime = NOW) -> None:
    for n in range(times):
        inbox.take(KINDS, sync, now=since + n * apart)


@pytest.mark.django_db
def test_poison_is_dead_after_eight_tries_and_delays_nobody() -> None:
    store("evt_bad", "in_bad", now=NOW)
    store("evt_good", "in_good", now=NOW + timedelta(microseconds=1))
    looks = Looks(in_bad=ValueError("no such column"))
    inbox.take(KINDS, looks, now=NOW + timedelta(seconds=1))
    assert states() == {"evt_bad": "waiting", "evt_good": "done"}
    take_often(looks, MOST_TRIES + 3, since=NOW + timedelta(days=1))
    assert Counter(looks.at) == {"in_bad": MOST_TRIES, "in_good": 1}
    bad = event("evt_bad")
    assert (bad.state, bad.tries, bad.error) == ("dead", MOST_TRIES, "ValueError: no such column")


@pytest.mark.django_db
def test_pauses_between_tries_grow() -> None:
    store("evt_1", "in_bad", now=NOW)
    looks, pauses, now = Looks(in_bad=ValueError("bad")), [], NOW
    for _ in range(4):
        inbox.take(KINDS, looks, now=now)
        pauses.append(event("evt_1").next_try_at - now)
        now += pauses[-1]
    assert pauses == sorted(set(pauses))


@pytest.mark.django_db
def test_events_of_one_object_are_taken_by_one_look() -> None:
    for n in range(5):
        store(f"evt_{n}", "in_1", now=NOW)
    looks = Looks()
    assert inbox.take(KINDS, looks, now=NOW) == 1
    assert (looks.at, set(states().values())) == (["in_1"], {"done"})


@pytest.mark.django_db
def test_what_belongs_to_something_that_is_not_here_yet_waits_a_week() -> None:
    store("evt_1", "in_1", now=NOW)
    looks = Looks(in_1=NotYetKnown("no customer is cus_1"))
    take_often(looks, 7)
    assert states() == {"evt_1": "waiting"}
    take_often(looks, 3, since=NOW + timedelta(days=7))
    assert states() == {"evt_1": "dead"}


@pytest.mark.django_db
def test_what_stripe_has_no_more_is_finished_with_the_reason() -> None:
    store("evt_1", "in_1", now=NOW)
    inbox.take(KINDS, Looks(in_1=NotFound("No such invoice: 'in_1'", "resource_missing")), now=NOW)
    gone = event("evt_1")
    assert (gone.state, gone.reason) == ("ignored", "No such invoice: 'in_1'")


@pytest.mark.django_db
def test_the_account_of_no_partner_is_finished_with_the_reason() -> None:
    store("evt_1", "acct_stranger", kind="account", account="acct_stranger", now=NOW)
    inbox.take(payments.tasks.KINDS, payments.tasks.sync, now=NOW)
    strange = event("evt_1")
    assert (strange.state, strange.reason) == ("ignored", "no partner has the account acct_stranger")


@pytest.mark.django_db
@pytest.mark.parametrize("error", [Unavailable("no answer"), NothingStored("a conflict"), TooMany("too many")])
def test_while_stripe_ails_nothing_dies_and_afterwards_all_is_taken(error: GatewayError) -> None:
    for n in range(5):
        store(f"evt_{n}", f"in_{n}", now=NOW)
    ailing = Looks(**{f"in_{n}": error for n in range(5)})
    take_often(ailing, 20, apart=timedelta(hours=7))
    assert set(states().values()) == {"waiting"}
    take_often(Looks(), 1, since=NOW + timedelta(days=7))
    assert set(states().values()) == {"done"}


@pytest.mark.django_db
def test_a_stripe_that_does_not_answer_is_asked_three_times_and_left_until_the_next_sweep() -> None:
    for n in range(9):
        store(f"evt_{n}", f"in_{n}", now=NOW)
    ailing = Looks(**{f"in_{n}": Unavailable("no answer") for n in range(9)})
    assert inbox.take(KINDS, ailing, now=NOW) == inbox.MOST_UNANSWERED
    assert sum(event(f"evt_{n}").tries for n in range(9)) == inbox.MOST_UNANSWERED


@pytest.mark.django_db
def test_one_object_without_an_answer_keeps_no_other_waiting() -> None:
    for n in range(9):
        store(f"evt_{n}", f"in_{n}", now=NOW)
    inbox.take(KINDS, Looks(in_0=Unavailable("no answer")), now=NOW)
    assert list(states().values()).count("done") == 8


@pytest.mark.django_db
def test_a_stripe_that_is_asked_too_often_is_left_alone_as_long_as_it_says() -> None:
    for n in range(3):
        store(f"evt_{n}", f"in_{n}", now=NOW + timedelta(microseconds=n))
    looks = Looks(in_0=TooMany("too many", wait=600))
    inbox.take(KINDS, looks, now=NOW + timedelta(seconds=1))
    assert looks.at == ["in_0"]
    assert event("evt_0").next_try_at >= NOW + timedelta(seconds=600)


def test_an_object_is_looked_at_by_one_at_a_time(fresh_database: str) -> None:
    """Four workers at once; the second look sees what the first has finished."""
    for n in range(20):
        store(f"evt_{n}", f"in_{n % 4}", now=NOW)
    busy, clashes, looked_at, guard = set[str](), list[str](), list[str](), threading.Lock()

    def sync(kind: str, object_id: str, now: datetime) -> None:
        with guard:
            clashes.extend(busy & {object_id})
            busy.add(object_id)
            looked_at.append(object_id)
        threading.Event().wait(0.02)
        with guard:
            busy.discard(object_id)

    _at_once(4, lambda: inbox.take(KINDS, sync, now=NOW))
    assert clashes == []
    assert sorted(looked_at) == [f"in_{n}" for n in range(4)]
    assert set(states().values()) == {"done"}


def _at_once(many: int, work: Callable[[], object]) -> None:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
