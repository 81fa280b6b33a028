from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ondemand import clock
from tests.login_as.world import World, make_world


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[timedelta]]:
    """Append how much later it is."""
    gone: list[timedelta] = []
    begun = clock.now()
    for place in ("customers.views.login_as", "customers.views.access", "ondemand.scopes"):
        monkeypatch.setattr(f"{place}.now", lambda: begun + sum(gone, timedelta()))
    yield gone
