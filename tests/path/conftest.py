from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ondemand.gateway import checkout, client
from tests.path.walk import Walk
from tests.standins.conftest import standin, stripe_base
from tests.standins.park import SECRET, Park

__all__ = ["standin", "stripe_base"]


@pytest.fixture(scope="session")
def park(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Park]:
    made = Park(tmp_path_factory.mktemp("park"))
    made.start()
    made.call("POST", "settings", {"send_heartbeats": False, "boot_seconds": 0})
    yield made
    made.stop()


@pytest.fixture
def walk(fresh_database: str, standin: Any, park: Park, settings: Any) -> Iterator[Walk]:
    """A zone of the test's own: an empty database, an empty account at Stripe's stand-in."""
    settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = standin.base, standin.key
    settings.PARK_URL, settings.PARK_SECRET = f"http://127.0.0.1:{park.port}", SECRET
    client.client.cache_clear()
    checkout._configuration.cache_clear()
    made = Walk(standin, park)
    made.park.call("POST", "clock", {"now": None})
    for server in park.call("GET", "servers").data["servers"]:
        park.call("DELETE", f"servers/{server['id']}")
    yield made
