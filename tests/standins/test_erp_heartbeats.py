"""Heartbeats are signed, tell what was done by UTC day, and lose nothing when the platform is away."""

import hashlib
import hmac
import json
import signal
import time
from typing import Any

import pytest

from tests.standins.park import UUID, Answer, Park, Platform, park, platform, shared_park, until

__all__ = ["park", "platform", "shared_park"]


def usage(park: Park, *days: tuple[str, int, int, int]) -> Answer:
    names = ("day", "named_users", "pos_terminals", "disk_mb")
    data = {"days": [dict(zip(names, day, strict=True)) for day in days]}
    return park.call("POST", f"servers/{UUID}/usage", data)


def hand_out(park: Park, **data: object) -> Any:
    return park.call("POST", f"servers/{UUID}/heartbeat", data).data


def at(park: Park, now: str) -> None:
    park.settings(send_heartbeats=False)
    park.call("POST", "clock", {"now": now})


def days(park: Park) -> list[str]:
    return [reading["day"] for reading in park.readings()]


def test_a_running_instance_sends_signed_heartbeats(park: Park, platform: Platform) -> None:
    park.boot(heartbeat_url=platform.url)
    until(lambda: platform.heartbeats)
    headers, body = platform.heartbeats[0]
    moment, given = (part.partition("=")[2] for part in headers["X-Ondemand-Signature"].split(","))
    expected = hmac.new(b"heartbeat-key", f"{moment}.{body}".encode(), hashlib.sha256).hexdigest()
    assert given == expected
    assert headers["X-Ondemand-Instance"] == UUID
    assert headers["Content-Type"] == "application/json"
    assert abs(int(moment) - time.time()) < 60


def test_a_heartbeat_tells_todays_usage(park: Park, platform: Platform) -> None:
    at(park, "2026-01-31T10:00:00Z")
    park.boot(heartbeat_url=platform.url)
    park.submit("/users", user="Bruno")
    park.submit("/work")
    assert json.loads(hand_out(park)["body"]) | {"sent_at": ""} == {
        "instance": UUID,
        "sent_at": "",
        "version": "26Q3",
        "readings": [{"day": "2026-01-31", "named_users": 2, "pos_terminals": 0, "disk_mb": 1200}],
    }


def test_a_suspended_instance_sends_none(park: Park, platform: Platform) -> None:
    park.boot(heartbeat_url=platform.url)
    until(lambda: platform.heartbeats)
    park.call("POST", f"servers/{UUID}/suspend")
    time.sleep(0.3)
    before = len(platform.heartbeats)
    time.sleep(0.5)
    assert len(platform.heartbeats) == before
    park.call("POST", f"servers/{UUID}/resume")
    until(lambda: len(platform.heartbeats) > before)


def test_days_wait_until_the_platform_has_acknowledged_them(park: Park, platform: Platform) -> None:
    platform.status = 503
    park.boot(heartbeat_url=platform.url)
    usage(park, ("2026-01-30", 4, 1, 1500), ("2026-01-31", 5, 2, 1600))
    until(lambda: len(platform.heartbeats) > 2)
    assert park.show()["unacknowledged_days"][:2] == ["2026-01-30", "2026-01-31"]
    platform.status = 204
    until(lambda: park.show()["unacknowledged_days"] == [])
    told = {reading["day"] for _, body in platform.heartbeats for reading in json.loads(body)["readings"]}
    assert told >= {"2026-01-30", "2026-01-31"}


def test_an_outage_outlives_a_killed_park(park: Park, platform: Platform) -> None:
    park.boot()
    usage(park, ("2026-01-30", 4, 1, 1500))
    park.stop(signal.SIGKILL)
    park.start()
    park.call("PUT", f"servers/{UUID}/heartbeat_url", {"heartbeat_url": platform.url})
    until(lambda: park.show()["unacknowledged_days"] == [])
    assert any('"day":"2026-01-30","named_users":4' in body for _, body in platform.heartbeats)


@pytest.mark.parametrize("status", [302, 400, 401, 500])
def test_only_a_2xx_acknowledges(park: Park, platform: Platform, status: int) -> None:
    platform.status = status
    park.boot(heartbeat_url=platform.url)
    until(lambda: park.show()["last_heartbeat_answer"] == str(status))
    assert len(park.show()["unacknowledged_days"]) == 1


def test_one_slow_platform_does_not_hold_up_the_park(park: Park, platform: Platform) -> None:
    platform.delay = 60
    park.boot(heartbeat_url=platform.url)
    park.call("POST", f"servers/{UUID}/suspend")
    assert park.show()["state"] == "suspended"


def test_a_heartbeat_holds_60_days_the_oldest_first_and_today(park: Park) -> None:
    at(park, "2026-06-30T10:00:00Z")
    park.boot()
    usage(park, *((f"2026-{month:02}-{day:02}", 1, 0, 1300) for month in (1, 2, 3) for day in range(1, 29)))
    told = days(park)
    assert (len(told), told[0], told[-2], told[-1]) == (60, "2026-01-01", "2026-03-03", "2026-06-30")


def test_what_was_handed_out_is_not_told_again(park: Park) -> None:
    at(park, "2026-01-31T10:00:00Z")
    park.boot()
    usage(park, ("2026-01-30", 4, 1, 1500))
    hand_out(park, acknowledge=False)
    assert days(park) == ["2026-01-30", "2026-01-31"]
    hand_out(park)
    assert days(park) == ["2026-01-31"]


def test_a_day_that_changed_after_it_was_told_is_told_again(park: Park) -> None:
    at(park, "2026-01-31T10:00:00Z")
    park.boot()
    hand_out(park)
    park.submit("/work")
    park.call("POST", "clock", {"now": "2026-02-01T00:00:01Z"})
    assert [(r["day"], r["named_users"]) for r in park.readings()] == [("2026-01-31", 1), ("2026-02-01", 0)]


def test_the_days_asked_for_are_handed_out_at_the_parks_clock(park: Park) -> None:
    at(park, "2026-01-31T10:00:00Z")
    park.boot()
    usage(park, ("2026-01-29", 1, 0, 1300), ("2026-01-30", 4, 1, 1500))
    heartbeat = hand_out(park, days=["2026-01-30"])
    message = json.loads(heartbeat["body"])
    assert message["sent_at"].startswith("2026-01-31T10:00:0")
    assert message["readings"] == [{"day": "2026-01-30", "named_users": 4, "pos_terminals": 1, "disk_mb": 1500}]
    assert heartbeat["headers"]["X-Ondemand-Signature"].startswith("t=17698536")


def test_usage_brings_the_users_and_terminals_it_takes(park: Park) -> None:
    at(park, "2026-01-31T10:00:00Z")
    park.boot()
    server = usage(park, ("2026-01-31", 14, 2, 2100)).data
    assert (server["users"], server["terminals"], server["disk_mb"]) == (14, 2, 2100)
    assert park.readings() == [{"day": "2026-01-31", "named_users": 14, "pos_terminals": 2, "disk_mb": 2100}]


@pytest.mark.parametrize(
    "day",
    [
        ("2026-02-01", 1, 0, 1),
        ("31/01/2026", 1, 0, 1),
        ("20260131", 1, 0, 1),
        ("2026-01-31", -1, 0, 1),
        ("2026-01-31", 1, 0, 10**9),
        ("2026-01-31", True, 0, 1),
        ("2026-01-31", 1_000_000, 0, 1),
    ],
)
def test_an_absurd_usage_is_refused_and_nothing_of_it_kept(shared_park: Park, day: tuple[str, int, int, int]) -> None:
    at(shared_park, "2026-01-31T10:00:00Z")
    assert usage(shared_park, ("2026-01-30", 1, 0, 1300), day).status == 400
    assert days(shared_park) == ["2026-01-31"]


def test_a_product_without_pos_has_no_terminals_to_count(park: Park) -> None:
    at(park, "2026-01-31T10:00:00Z")
    park.boot(product="OBPS")
    assert usage(park, ("2026-01-31", 1, 1, 1)).status == 400
    assert usage(park, ("2026-01-31", 1, 0, 1)).status == 200


@pytest.mark.parametrize("now", ["yesterday", "2026-01-31T10:00:00", 5, "9999-01-01T00:00:00Z"])
def test_the_clock_takes_instants_only(shared_park: Park, now: object) -> None:
    before = shared_park.call("GET", "clock").data["offset_seconds"]
    assert shared_park.call("POST", "clock", {"now": now}).status == 400
    assert shared_park.call("GET", "clock").data["offset_seconds"] == before
