from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import stripe
from django.test import override_settings

from ondemand.gateway import checkout, client
from tests.path.walk import Walk
from tests.standins.conftest import standin, stripe_base
from tests.standins.park import SECRET, Park
from tests.standins.stripe_process import Standin

__all__ = ["standin", "stripe_base"]


@pytest.fixture(scope="session")
def park(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Park]:
    made = Park(tmp_path_factory.mktemp("park"))
    made.start()
    made.call("POST", "settings", {"send_heartbeats": False, "boot_seconds": 0})
    yield made
    made.stop()


@pytest.fixture
def walk(fresh_database: str, standin: Standin, park: Park) -> Iterator[Walk]:
    """A zone of the test's own: an empty database, an empty account at Stripe's stand-in."""
    with walking(standin, park) as made:
        yield made


@contextmanager
def walking(standin: Standin, park: Park) -> Iterator[Walk]:
    """Settings and park for one account; whoever calls has the database."""
    park.call("POST", "clock", {"now": None})
    for server in park.call("GET", "servers").data["servers"]:
        park.call("DELETE", f"servers/{server['id']}")
    at = {"STRIPE_API_BASE": standin.base, "STRIPE_SECRET_KEY": standin.key, "STRIPE_MODE": "standin"}
    with override_settings(**at, PARK_URL=f"http://127.0.0.1:{park.port}", PARK_SECRET=SECRET), held_against(standin):
        forget_client()
        yield Walk(standin, park)
    forget_client()
    assert standin.http.wrong == []


@contextmanager
def held_against(standin: Standin) -> Iterator[None]:
    """What the product itself sends to Stripe, and gets, is checked against Stripe's description as well."""
    plain = stripe.RequestsClient.request

    def request(self: Any, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        content, status, answered = plain(self, method, url, headers, post_data)
        standin.http.check(method, url, post_data, content, status)
        return content, status, answered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripe.RequestsClient, "request", request)
        yield


def forget_client() -> None:
    """The next call to Stripe reads the settings anew and uses connections of its own."""
    client.client.cache_clear()
    checkout._configuration.cache_clear()
