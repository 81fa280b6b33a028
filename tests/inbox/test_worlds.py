"""Random worlds: events lost, doubled and shuffled. Once Stripe's list of events was asked, we say what Stripe says."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ondemand import hints
from tests.conftest import database, long_share
from tests.counts import say
from tests.inbox.events import SECRET
from tests.inbox.worlds import Json, Worlds
from tests.path.conftest import walking
from tests.standins.park import Park
from tests.standins.stripe_process import Standin

EVERY_DAY, ALL, SIDE_BY_SIDE = 2, 2000, 40
IN_CI = 40  # a tenth would take it two minutes
FIRST_SEED = 7


@dataclass
class Tally:
    worlds: int = 0
    rung: int = 0
    wrong_before: int = 0
    wrong: list[tuple[Json, Json]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)


def live(seed: int, count: int, stripe_base: str, park: Park, tally: Tally) -> None:
    with database("worlds"), hints.muted(), walking(Standin(stripe_base, contract=None), park) as walk:
        worlds = Worlds(walk, random.Random(seed))
        worlds.live(count)
        worlds.settle()
        tally.wrong_before += len(worlds.wrong())
        worlds.poll()
        tally.wrong += worlds.wrong()
        tally.worlds += count
        tally.rung += worlds.wire.heard
        tally.done += worlds.done


def test_after_a_poll_no_world_is_wrong(
    django_db_setup: None,
    django_db_blocker: Any,
    stripe_base: str,
    park: Park,
    settings: Any,
) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    share = long_share()
    wanted = ALL if share == 1 else IN_CI if share else EVERY_DAY
    tally = Tally()
    with django_db_blocker.unblock():
        while tally.worlds < wanted:
            count = min(SIDE_BY_SIDE, wanted - tally.worlds)
            live(FIRST_SEED + tally.worlds, count, stripe_base, park, tally)
    say(
        f"{tally.worlds} worlds, {tally.rung} events rung (30 % were lost, 30 % came twice, none in order): "
        f"{tally.wrong_before} wrong before the poll, {len(tally.wrong)} after it"
    )
    say(", ".join(f"{count} {name.strip('_').replace('_', ' ')}" for name, count in tally.done.most_common()))
    assert tally.wrong == []
