"""Messages to workers: of many in a second that ask for whatever waits, two are sent."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from ondemand import hints

QUEUE = "webhooks"
TASK = "ondemand.tasks.sweep"


@pytest.fixture
def broker(fresh_database: str) -> Iterator[redis.Redis]:
    """Without messages of others; a hint is sent after COMMIT, so the test needs real ones."""
    connection = redis.Redis.from_url(settings.REDIS_URL)
    connection.delete(QUEUE)
    hints._due.clear()
    yield connection
    connection.delete(QUEUE)


def sent(broker: redis.Redis) -> list[bool]:
    """The messages that wait, the oldest first: whether each is for later."""
    found = [json.loads(message) for message in broker.lrange(QUEUE, 0, -1)]
    return [message["headers"]["eta"] is not None for message in reversed(found)]


def test_the_first_goes_at_once_and_one_later_stands_for_all_the_others(broker: redis.Redis) -> None:
    for _ in range(50):
        hints.hint(TASK)
    assert sent(broker) == [False, True]


def test_after_a_quiet_second_it_goes_at_once_again(broker: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    hints.hint(TASK)
    monkeypatch.setattr(hints, "GATHERED", 0)
    hints.hint(TASK)
    assert sent(broker) == [False, False]


def test_what_names_its_row_is_always_sent(broker: redis.Redis) -> None:
    for number in range(3):
        hints.hint("customers.tasks.sync_one", number)
    assert len(sent(broker)) == 3
