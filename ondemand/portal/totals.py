"""Count and sums over everything that is filtered, per currency; never a partial sum."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Model, QuerySet, Sum


@dataclass(frozen=True)
class Total:
    """Of one currency ("" where the list has none): its rows, and each summed field (minor units)."""

    currency: str
    rows: int
    sums: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Totals:
    """`cut`: there are more rows than `count`, and so no sums."""

    count: int
    parts: tuple[Total, ...] = ()
    cut: bool = False


def whole(rows: QuerySet[Model], currency: str, fields: Iterable[str]) -> Totals:
    """Added up by the database."""
    names = list(fields)
    bare = rows.order_by().select_related(None)
    if not names:
        return Totals(bare.count())
    sums = {f"sum_{place}": Sum(name) for place, name in enumerate(names)}
    found = bare.values(currency).annotate(counted_rows=Count("pk"), **sums).order_by(currency)
    parts = tuple(_part(row, currency, names) for row in found)
    return Totals(sum(part.rows for part in parts), parts)


def _part(row: dict[str, Any], currency: str, names: list[str]) -> Total:
    sums = {name: row[f"sum_{place}"] or 0 for place, name in enumerate(names)}
    return Total(row[currency], row["counted_rows"], sums)


def sample(rows: QuerySet[Model], currency: str, fields: Iterable[str], limit: int) -> tuple[Totals, list[int]]:
    """Added up from up to `limit` rows, whose ids come too: a dear search is then made once."""
    names = list(fields)
    columns = ["pk", *([currency, *names] if names else [])]
    found = list(rows.order_by().select_related(None).values_list(*columns)[: limit + 1])
    ids = [row[0] for row in found]
    if len(found) > limit:
        return Totals(limit, cut=True), ids
    if not names:
        return Totals(len(found)), ids
    return Totals(len(found), tuple(_per_currency(found, names))), ids


def _per_currency(found: list[tuple[Any, ...]], names: list[str]) -> Iterable[Total]:
    for currency in sorted({str(row[1]) for row in found}):
        mine = [row for row in found if row[1] == currency]
        sums = {name: sum(row[place] or 0 for row in mine) for place, name in enumerate(names, 2)}
        yield Total(currency, len(mine), sums)
