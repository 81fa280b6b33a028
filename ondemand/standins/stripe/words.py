"""How amounts are written in descriptions and on pages."""

from __future__ import annotations

from datetime import UTC, datetime

SIGNS = {"eur": "€", "usd": "$", "gbp": "£"}


def day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%d %b %Y}"


def money(amount: int, currency: str) -> str:
    """1234 of eur is €12.34."""
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 100)
    return f"{sign}{SIGNS.get(currency, currency.upper() + ' ')}{whole:,}.{rest:02}"
