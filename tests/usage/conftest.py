from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from tests import factories
from tests.standins.conftest import standin, stripe_base
from tests.standins.stripe_process import Standin
from tests.usage.world import World, make_plan, world

__all__ = ["standin", "stripe_base"]
NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)
Make = Callable[[datetime], World]


@pytest.fixture
def make(db: None, standin: Standin) -> Iterator[Make]:
    """One world of the test's own, that begins at an instant."""
    with ExitStack() as stack:

        def made(began: datetime) -> World:
            plan = make_plan(now=began)
            house = factories.make_house(code="iberia", product=plan.product, now=began)
            return stack.enter_context(world(standin, house, plan, began=began))

        yield made


@pytest.fixture
def spring(make: Make) -> World:
    """A subscription that began on 10 March 2027 at noon; Madrid's clocks change on the 28th."""
    return make(NOON)
