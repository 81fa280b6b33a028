"""Stories of customers over months, on the path's own services and stand-ins."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.path.conftest import park, standin, stripe_base, walk
from tests.path.walk import Walk

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
