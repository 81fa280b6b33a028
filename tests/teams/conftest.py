"""Each test of a team is of both sides."""

from __future__ import annotations

import pytest

from ondemand import clock
from tests import factories
from tests.teams.sides import Side, at_a_customer, at_a_partner


@pytest.fixture(params=[at_a_partner, at_a_customer], ids=["partner", "customer"])
def side(request: pytest.FixtureRequest, db: None) -> Side:
    made: Side = request.param(factories.make_cast(now=clock.now()))
    return made
