"""What a dispute took of our balance, said in the currency that the card was charged in."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from ondemand.gateway.disputes import _withdrawn


def dispute(*moved: tuple[int, str]) -> Any:
    """Of 100.00 EUR."""
    rows = [{"object": "balance_transaction", "amount": amount, "currency": currency} for amount, currency in moved]
    given = {"object": "dispute", "amount": 10_000, "currency": "eur", "balance_transactions": rows}
    return stripe.Dispute.construct_from(given, None)


@pytest.mark.parametrize(
    ("moved", "withdrawn"),
    [
        ([], 0),
        ([(-10_000, "eur")], 10_000),
        ([(-10_000, "eur"), (10_000, "eur")], 0),
        ([(-10_000, "eur"), (4_000, "eur")], 6_000),
        ([(-11_700, "usd")], 10_000),
        ([(-11_700, "usd"), (5_850, "usd")], 5_000),
        ([(-11_700, "usd"), (11_900, "usd")], 0),  # the rate has moved meanwhile
    ],
)
def test_it_is_in_the_dispute_s_currency(moved: list[tuple[int, str]], withdrawn: int) -> None:
    assert _withdrawn(dispute(*moved)) == withdrawn
