"""The totals of a list, laid under the columns that they add up."""

from dataclasses import dataclass

from ondemand.portal import values
from ondemand.portal.tables import ListTable, MoneyCell
from ondemand.portal.totals import Total, Totals


@dataclass(frozen=True)
class Foot:
    """One line of totals: how many rows, the currency ("" if there is but one), cells under the other
    columns as (kind, label, text), and (label, text) of sums whose column is not shown first."""

    rows: int
    currency: str
    cells: list[tuple[str, str, str]]
    others: list[tuple[str, str]]


def footer(table: ListTable, summed: Totals, fields: list[tuple[str, str]]) -> list[Foot]:
    """One line per currency."""
    several = len(summed.parts) > 1
    return [_foot(table, part, fields, several) for part in summed.parts]


def _foot(table: ListTable, part: Total, fields: list[tuple[str, str]], several: bool) -> Foot:
    labels = {field: label for label, field in fields}
    shown = [(bound.column, str(bound.accessor)) for bound in table.columns][1:]
    cells = []
    for cell, path in shown:
        text = _sum(table, path, part) if path in labels else ""
        cells.append((cell.kind, labels.get(path, ""), text))
    missing = set(labels) - {path for _, path in shown}
    others = [(label, _sum(table, field, part)) for label, field in fields if field in missing]
    return Foot(part.rows, part.currency if several else "", cells, others)


def _sum(table: ListTable, path: str, part: Total) -> str:
    """Money, unless the table draws that field as a plain number."""
    amount = part.sums[path]
    for bound in table.columns.iterall():
        if str(bound.accessor) == path and not isinstance(bound.column, MoneyCell):
            return values.number(amount)
    return values.money(amount, part.currency)
