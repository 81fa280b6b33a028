"""Each service of the path is killed between its steps: beat carries on from the rows, nothing is lost or doubled.

CI kills at a few points of each, ONDEMAND_LONG=1 at all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from ondemand import hints
from tests.conftest import database, in_ci, long_share
from tests.counts import say
from tests.path.conftest import walking
from tests.path.deaths import SERVICES, Tally
from tests.path.journeys import Journeys
from tests.path.test_twice import CACHE
from tests.standins.park import Park, listening
from tests.standins.park import Platform as Peer
from tests.standins.stripe_process import Standin

pytestmark = in_ci

FEWEST, ALL = 4, 30


@pytest.fixture(scope="module")
def tallies(django_db_setup: None, django_db_blocker: Any, stripe_base: str, park: Park) -> Iterator[dict[str, Tally]]:
    deaths = ALL if long_share() == 1 else FEWEST
    with (
        django_db_blocker.unblock(),
        database("killed"),
        hints.muted(),
        listening(Peer(status=200)) as peer,
        override_settings(CACHES=CACHE, PEER_URL=f"http://127.0.0.1:{peer.port}", PEER_SECRET="p" * 32),
        walking(Standin(stripe_base), park) as walk,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("ondemand.clock.now", lambda: walk.now)
        walk.offer()
        yield Journeys(walk, deaths, peer).make()


@pytest.mark.parametrize("service", SERVICES)
def test_killed_between_its_steps_it_is_carried_on_from_the_rows(tallies: dict[str, Tally], service: str) -> None:
    tally = tallies[service]
    say(
        f"{service}: {tally.kills} kills at {tally.points} points, {len(tally.lost)} lost, {len(tally.doubled)} doubled"
    )
    assert tally.lost == []
    assert tally.doubled == []
    assert tally.kills >= min(FEWEST, tally.points)
    if long_share() == 1:
        assert tally.kills == tally.points
