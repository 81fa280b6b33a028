"""Money: integer minor units and a currency. No float, one rounding, no sum over currencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language, to_locale


class MixedCurrencies(ValueError):
    """Amounts of different currencies never meet in one sum."""


def divide(numerator: int, denominator: int) -> int:
    """The quotient, rounded half away from zero (money.md, Representation); the same for negatives."""
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Parts in proportion to non-negative `weights` that sum exactly to `amount`, by largest remainder.

    Equal remainders go to the earlier part. All weights zero: ValueError, unless there is nothing to split.
    """
    total = sum(weights)
    if total == 0:
        if amount:
            raise ValueError("nothing to split over")
        return [0] * len(weights)
    sign, whole = (1, amount) if amount >= 0 else (-1, -amount)
    parts = [whole * weight // total for weight in weights]
    left = whole - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda n: (-(whole * weights[n] % total), n))
    for n in by_remainder[:left]:
        parts[n] += 1
    return [sign * part for part in parts]


@dataclass(frozen=True, order=False)
class Money:
    """`amount` in the currency's minor units; `currency` an ISO 4217 code in capitals."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return self.format(get_language() or "en")

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise MixedCurrencies(f"{self.currency} and {other.currency}")
        return other.amount

    @property
    def decimal(self) -> Decimal:
        """In the currency's major unit, exact."""
        return Decimal(self.amount).scaleb(-get_currency_precision(self.currency))

    @property
    def plain(self) -> str:
        """For files: a point, no thousands mark, all decimals."""
        return f"{self.decimal:f}"

    def format(self, language: str) -> str:
        return format_currency(self.decimal, self.currency, locale=_locale(language))


@lru_cache
def _locale(language: str) -> Locale:
    return Locale.parse(to_locale(language))
