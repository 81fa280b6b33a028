"""Stories of customers over months, on the path's own services and stand-ins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client, override_settings

from tests.path.conftest import park, standin, stripe_base, walk
from tests.path.walk import Walk
from tests.scenarios.house import House, housed
from tests.standins.park import SECRET, Park
from tests.standins.stripe_process import Standin

__all__ = ["park", "standin", "stripe_base", "walk"]


@pytest.fixture
def month(walk: Walk, client: Client, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """A customer whose first month was billed with its use, and is known here; the partner has a bank account."""
    monkeypatch.setattr("ondemand.clock.now", lambda: walk.now)
    partner = walk.enrol()
    walk.offer()
    walk.open_bank_account(partner)
    walk.customer_pays_a_month(client)
    walk.accrue()
    return walk


@pytest.fixture
def house(db: None, standin: Standin, park: Park) -> Iterator[House]:
    """A customer of Stripe's stand-in with an instance that runs in the park."""
    park.call("POST", "clock", {"now": None})
    with (
        override_settings(PARK_URL=f"http://127.0.0.1:{park.port}", PARK_SECRET=SECRET),
        housed(standin, park) as made,
    ):
        yield made
