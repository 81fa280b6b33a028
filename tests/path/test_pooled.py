"""The services of the path keep nothing in a session: through PgBouncer in transaction mode they work all the same."""

from __future__ import annotations

import pytest
from django.test import Client

from payments.models import Payment
from tests.conftest import long_share
from tests.path.walk import Walk
from tests.pooler import Pooler


@pytest.mark.skipif(not long_share(), reason="the path is walked without a pooler too: set ONDEMAND_LONG=1")
def test_the_path_is_walked_through_two_connections(walk: Walk, pooler: Pooler, client: Client) -> None:
    partner = walk.enrol()
    walk.offer()
    walk.open_bank_account(partner)
    walk.customer_pays_a_month(client)
    walk.accrue()
    walk.wait(days=31)
    assert walk.send(walk.approve_payment()) == Payment.State.PAID
    assert pooler.held() <= pooler.size
    assert pooler.left() == set()
