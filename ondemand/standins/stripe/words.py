"""How amounts are written in descriptions and on pages."""

from __future__ import annotations

SIGNS = {"eur": "€", "usd": "$", "gbp": "£"}


def money(amount: int, currency: str) -> str:
    """1234 of eur is €12.34."""
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 100)
    return f"{sign}{SIGNS.get(currency, currency.upper() + ' ')}{whole:,}.{rest:02}"
