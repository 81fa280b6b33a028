"""Staff see where events stand and why, set them going again, or say that nobody needs them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from ondemand import clock
from ondemand.models import AuditEntry, Comparison, StripeEvent, User
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from tests import factories
from tests.factories import sign_in
from tests.inbox.events import event, states, store

pytestmark = pytest.mark.django_db
EVENTS, COMPARISONS = "/admin/ondemand/stripeevent/", "/admin/ondemand/comparison/"
NOW = clock.now()


@pytest.fixture
def staff() -> Client:
    return sign_in(factories.make_user(email="staff@openbravo.example", is_staff=True))


@pytest.fixture
def events() -> None:
    """One of each standing, each about an object of its own."""
    standings: dict[str, dict[str, Any]] = {
        "waiting": {},
        "failed": {"tries": 2, "error": "Unavailable: no answer"},
        "dead": {"state": "dead", "tries": 8, "error": "ValueError: no such column"},
        "done": {"state": "done"},
        "ignored": {"state": "ignored", "reason": "No such invoice"},
    }
    for name, given in standings.items():
        store(f"evt_{name}", f"in_{name}", now=NOW)
        with as_worker():
            StripeEvent.objects.filter(pk=f"evt_{name}").update(**given)


def chosen(staff: Client, action: str, *ids: str, **more: Any) -> Any:
    return staff.post(EVENTS, {"action": action, "_selected_action": ids} | more, follow=True)


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("standing", ["waiting", "failed", "dead", "done", "ignored"])
def test_each_standing_has_a_list_of_its_own(events: None, staff: Client, standing: str) -> None:
    page = text(staff.get(EVENTS, {"standing": standing}))
    assert [name for name in ("waiting", "failed", "dead", "done", "ignored") if f"in_{name}" in page] == [standing]


def test_what_went_wrong_and_why_it_is_ignored_stands_in_the_list(events: None, staff: Client) -> None:
    page = text(staff.get(EVENTS))
    assert "ValueError: no such column" in page
    assert "No such invoice" in page


def test_a_standing_that_is_none_shows_all(events: None, staff: Client) -> None:
    assert "in_dead" in text(staff.get(EVENTS, {"standing": "sitting"}))


def test_retry_takes_what_is_open_with_all_its_tries_again(events: None, staff: Client) -> None:
    chosen(staff, "retry", "evt_failed", "evt_dead", "evt_done", "evt_ignored")
    assert states() | {"evt_waiting": ""} == {
        "evt_waiting": "",
        "evt_failed": "waiting",
        "evt_dead": "waiting",
        "evt_done": "done",
        "evt_ignored": "ignored",
    }
    assert event("evt_dead").tries == 0


def test_ignoring_asks_why_and_shows_what_it_is_about(events: None, staff: Client) -> None:
    page = text(chosen(staff, "ignore", "evt_dead", "evt_done"))
    assert "no such column" in page
    assert "in_done" not in page
    assert event("evt_dead").state == "dead"


def test_without_a_reason_nothing_is_ignored(events: None, staff: Client) -> None:
    answer = chosen(staff, "ignore", "evt_dead", why=" ")
    assert (answer.status_code, "Say why" in text(answer)) == (422, True)
    assert event("evt_dead").state == "dead"


def test_the_reason_is_kept_with_the_event_and_in_the_trail(events: None, staff: Client) -> None:
    chosen(staff, "ignore", "evt_dead", "evt_failed", "evt_done", why="An invoice of another system")
    for name in ("dead", "failed"):
        ignored = event(f"evt_{name}")
        assert (ignored.state, ignored.reason) == ("ignored", "An invoice of another system")
    assert event("evt_done").state == "done"
    with as_worker():
        entry = AuditEntry.objects.get(verb="events.ignored")
    assert (entry.actor, entry.detail["count"]) == ("staff@openbravo.example", 2)
    assert set(entry.detail["events"]) == {"evt_dead", "evt_failed"}


@pytest.mark.parametrize("action", ["retry", "ignore"])
def test_who_may_only_look_changes_nothing(events: None, staff: Client, action: str) -> None:
    with tenant(Scope(Role.STAFF)):
        User.objects.update(is_superuser=False)
        User.objects.get().user_permissions.set(Permission.objects.filter(codename="view_stripeevent"))
    assert "in_dead" in text(staff.get(EVENTS))
    chosen(staff, action, "evt_dead", why="Of no use")
    assert event("evt_dead").state == "dead"


def test_what_the_last_comparisons_found_and_mended_is_shown(staff: Client) -> None:
    with as_worker():
        kinds = {"customers": ["", "no customer is cus_1"], "payments": [], "instances": [""]}
        for part, errors in kinds.items():
            made = Comparison.objects.create(part=part, started_at=NOW, finished_at=NOW, looked_at=7)
            for n, error in enumerate(errors):
                sides: dict[str, Any] = {"ours": {"paid": n}, "theirs": {"paid": n + 5}}
                made.differences.create(kind="invoice", object_id=f"in_{part}_{n}", error=error, **sides)
    assert _parts(staff, "") == {"customers", "payments", "instances"}
    assert _parts(staff, "differed") == {"customers", "instances"}
    assert _parts(staff, "left") == {"customers"}
    assert _parts(staff, "stopped") == set()
    with as_worker():
        shown = Comparison.objects.get(part="customers")
    page = text(staff.get(f"{COMPARISONS}{shown.pk}/change/"))
    assert "in_customers_1" in page
    assert "no customer is cus_1" in page


def _parts(staff: Client, found: str) -> set[str]:
    rows = staff.get(COMPARISONS, {"found": found} if found else {}).context["cl"].result_list
    return {row.part for row in rows}
