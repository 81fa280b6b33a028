"""Each service of the path and each task, run a second time, changes no row, mails nobody and asks nothing of Stripe.

One story tells the path; every step in it is run twice and noted under its name. A service or task without a
step fails. The same story shows what each service writes into the trail.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from django.test import override_settings

from ondemand.celery import app
from tests.conftest import database
from tests.path.conftest import walking
from tests.path.story import Step, Story
from tests.path.trail import NO_ENTRY, WRITES
from tests.standins.park import Park, listening
from tests.standins.park import Platform as Peer
from tests.standins.stripe_process import Standin, process

app.loader.import_default_modules()
CACHE = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
TASKS = sorted(name for name in app.tasks if not name.startswith("celery."))
APPS = ("partners", "customers", "instances", "signup", "commissions", "payments")
OTHERS = (
    "customers.cancelling",
    "customers.corrections",
    "customers.planning",
    "customers.quoting",
    "customers.readers",
    "customers.grace",
    "customers.sync",
    "customers.totals",
    "customers.upcoming",
    "customers.warnings",
    "ondemand.inbox",
    "ondemand.mail",
    "ondemand.retention",
)
ASKED = ("customers.support", "ondemand.teams.changes")  # a person asks for each anew
READERS = {
    "commissions.services.causes.causes_of": "reads",
    "commissions.services.reversing.look_again": "says when to look again",
    "commissions.services.reversing.reverse_due": "the second half of accrue",
    "customers.planning.found": "the first half of write_subscription, which then has the plan",
    "customers.quoting.check": "reads",
    "customers.quoting.is_upgrade": "reads",
    "customers.quoting.quote": "reads",
    "customers.readers.billing": "reads",
    "customers.readers.partner": "reads",
    "customers.readers.partner_money": "reads",
    "customers.readers.people": "reads",
    "customers.readers.tell": "is called by what it belongs to, under a key",
    "customers.readers.tell_both": "is called by what it belongs to, under a key",
    "customers.services.card_url": "an address for one visit",
    "customers.totals.recount": "counts again",
    "customers.upcoming.want": "says when to look again",
    "instances.services.boots.count_instances": "counts again",
    "instances.services.boots.note": "a line of the log that its callers write once",
    "instances.services.deletions.foresee": "a part of suspend",
    "instances.services.deletions.withdraw": "a part of resume",
    "instances.services.heartbeats.prices": "reads",
    "instances.services.heartbeats.record": "the second half of receive",
    "instances.services.warnings.tell_resumed": "the second half of switch",
    "instances.services.warnings.tell_suspended": "the second half of switch",
    "instances.services.warnings.to_warn": "reads",
    "instances.services.warnings.why": "reads",
    "ondemand.inbox.ignore": "the second half of settle_events and set_aside",
    "ondemand.inbox.lock_object": "locks",
    "ondemand.inbox.retry": "staff ask once more",
    "ondemand.inbox.wake": "says when to look again",
    "ondemand.mail.tell_staff": "is called by what it belongs to, under a key",
    "ondemand.mail.queue": "is called by what it belongs to, under a key",
    "partners.services.products.currency": "reads",
    "partners.services.enrolment.resend_welcome": "staff ask for one more mail",
    "payments.services.preparing.eligible": "reads",
    "payments.services.preparing.payable": "reads",
    "signup.services.completion.usual_boot_seconds": "reads",
    "signup.services.leaving.close": "the second half of expire",
    "signup.services.leaving.resume_url": "reads",
    "signup.services.leaving.signup_of": "reads",
    "signup.services.limits.are_reached": "reads",
    "signup.services.limits.check": "reads",
    "signup.services.mails.ask_staff": "is called by what it belongs to, under a key",
    "signup.services.mails.tell": "is called by what it belongs to, under a key",
    "signup.services.registration.holds": "reads",
    "signup.services.registration.resume": "each visit by the link is a new attempt, as of a browser without a ticket",
    "signup.services.registration.username_is_free": "reads",
    "signup.services.review.doubts_of": "reads",
    "signup.services.review.hold": "is where complete ends for a doubtful one",
    "signup.services.review.is_reviewed": "reads",
    "signup.services.undoing.begin": "the first half of refuse",
    "signup.services.visits.count_visit": "counts every visit",
}
# Whose work is only when to look again, which is no row's fact.
QUIET = {"signup.services.completion.sync"}


def public(*modules: str) -> list[str]:
    """What these modules define for others."""
    return [
        f"{module}.{name}"
        for module in modules
        for name, found in inspect.getmembers(import_module(module), inspect.isfunction)
        if not name.startswith("_") and found.__module__ == module
    ]


def services() -> list[str]:
    return [name for name in public(*modules(), *OTHERS) if name not in READERS]


def modules() -> list[str]:
    packages = [import_module(f"{app}.services") for app in APPS]
    inner = [f"{each.__name__}.{one.name}" for each in packages for one in iter_modules(getattr(each, "__path__", []))]
    return sorted([*inner, *(each.__name__ for each in packages)])


@pytest.fixture(scope="module")
def told(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, park: Park
) -> Iterator[dict[str, Step]]:
    file = tmp_path_factory.mktemp("stripe") / "state.sqlite3"
    with (
        django_db_blocker.unblock(),
        database("twice"),
        listening(Peer(status=200)) as peer,
        process(file) as stripe_base,
        override_settings(CACHES=CACHE, PEER_URL=f"http://127.0.0.1:{peer.port}", PEER_SECRET="p" * 32),
        walking(Standin(stripe_base), park) as walk,
        pytest.MonkeyPatch.context() as patch,
    ):
        story = Story(walk, file, walk.now)
        patch.setattr("ondemand.clock.now", lambda: story.now)
        yield story.tell()


@pytest.mark.parametrize("name", [*services(), *TASKS])
def test_the_second_run_changes_nothing(told: dict[str, Step], name: str) -> None:
    assert name in told, "the story lacks this service or task"
    assert told[name].first or name in QUIET, "the first run had nothing to do, so that the second proves nothing"
    assert told[name].second == set()


@pytest.mark.parametrize("name", public(*modules(), *OTHERS, *ASKED))
def test_what_a_service_does_is_in_the_trail(told: dict[str, Step], name: str) -> None:
    assert (name in WRITES) != (name in NO_ENTRY), "tests/path/trail.py: which verb does it write, or why none?"
    if name in WRITES:
        assert name in told, "the story lacks this service"
        assert set(WRITES[name]) <= written(told[name].first)


def written(changes: set[str]) -> set[str]:
    """The verbs of the entries among changed rows."""
    entries = (row.partition(": ")[2] for row in changes if row.startswith("ondemand_auditentry: "))
    return {json.loads(entry)["verb"] for entry in entries}


def test_no_line_of_the_trails_list_is_of_a_service_that_is_gone() -> None:
    assert set(WRITES) | set(NO_ENTRY) == set(public(*modules(), *OTHERS, *ASKED))
