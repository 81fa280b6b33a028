"""Of all who come with one token at once, one comes in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

from django.db import connection

from customers import support
from customers.support import LoginRefused
from ondemand import clock
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from tests.conftest import long_share
from tests.counts import say
from tests.login_as.world import REASON, make_world

RACERS, ROUNDS = 16, 100


def winners(secret: str, by: User, at: datetime) -> int:
    start = Barrier(RACERS)

    def race(_: int) -> bool:
        start.wait(30)
        try:
            with as_worker():
                support.enter(secret, by=by, now=at)
        except LoginRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(RACERS) as pool:
        return sum(pool.map(race, range(RACERS)))


def test_of_sixteen_at_once_one_comes_in(fresh_database: str) -> None:
    world = make_world()
    rounds, begun, found = max(1, round(ROUNDS * long_share())), clock.now(), []
    given: dict[str, Any] = {"by": world.owner, "partner_id": world.customer.partner_id, "reason": REASON}
    for number in range(rounds):
        at = begun + timedelta(hours=number)
        with as_worker():
            secret = support.issue(world.customer.pk, now=at, **given)
        found.append(winners(secret, world.owner, at))
    say(f"login token: {rounds} rounds of {RACERS} racers, {found.count(1)} with one winner")
    assert found == [1] * rounds
