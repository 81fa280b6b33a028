import re
from typing import Any

from ondemand.standins.stripe import core, server  # noqa: F401  server declares every operation
from tests import stripe_contract
from tests.standins.stripe_process import Standin
from tests.standins.stripe_walk import walk


def unused(used: set[str]) -> list[str]:
    """What the stand-in has and the walk left out."""
    return sorted(
        f"{method} {path}"
        for method, path in core.HANDLERS
        if not any(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", f"{method} {path}"), each) for each in used)
    )


def all_events(standin: Standin) -> list[dict[str, Any]]:
    """As they are sent: the library would turn some strings into decimals."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"has_more": True}
    while page["has_more"]:
        after = f"&starting_after={found[-1]['id']}" if found else ""
        page = standin.raw("GET", f"/v1/events?limit=100{after}")[1]
        found += page["data"]
    return found


def test_no_answer_and_no_event_of_a_broad_walk_breaks_stripes_description(standin: Standin) -> None:
    contract = stripe_contract.contract()
    walk(standin)
    events = all_events(standin)
    wrong = [each for event in events for each in contract.check_event(event)]
    assert len(events) > 200
    assert unused(standin.http.used) == []
    assert sorted(set(wrong + standin.http.wrong)) == []
