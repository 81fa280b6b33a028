"""A ZIP of tables, each as CSV and as JSON, with a README.txt that says what is in them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from django.db.models import QuerySet
from django.http import FileResponse
from django.utils.functional import Promise
from django.utils.timezone import get_current_timezone_name, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ondemand.money import Money
from ondemand.portal.exports import Column, file_name, plain_lines, write_csv

Text = str | Promise
AS_JSON = (bool, dict, list)


@dataclass(frozen=True)
class Told(Column):
    """A column, and what it says."""

    meaning: Text = ""


CURRENCY = Told("currency", "currency", meaning=gettext_lazy("ISO 4217 code of the amounts"))


@dataclass(frozen=True)
class Table:
    """`name` is that of its files, without their ending; `lead` says what a row is."""

    name: str
    lead: Text
    columns: list[Told]
    rows: QuerySet[Any]


class Archive:
    """Written to a temporary file; tables are added within whichever scope may read their rows."""

    def __init__(self, title: str, *, now: datetime) -> None:
        self.title, self.now = title, now
        self.rows = 0
        self._told: list[str] = []
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
        self._zip = ZipFile(self._file, "w", ZIP_DEFLATED)

    def add(self, table: Table) -> None:
        """Reads the rows once, so that both files say the same."""
        paid_in = [column.currency for column in table.columns if column.kind == "money"]
        found = list(table.rows.values_list(*(column.field for column in table.columns), *paid_in))
        with self._zip.open(f"{table.name}.csv", "w") as out:
            lines = plain_lines(map(_flat, found), list(table.columns), set())
            write_csv(out, [column.header for column in table.columns], lines)
        self._zip.writestr(f"{table.name}.json", json.dumps(list(_objects(found, table)), ensure_ascii=False, indent=1))
        self.rows += len(found)
        self._told.append(_told(table, len(found)))

    def answer(self, name: str) -> FileResponse:
        """Closes the archive; the file is named after `name`, the zone and the day."""
        self._zip.writestr("README.txt", "\n".join([*self._head(), *self._told]))
        self._zip.close()
        self._file.seek(0)
        called = file_name(name, self.now, (), "zip")
        return FileResponse(self._file, as_attachment=True, filename=called, content_type="application/zip")

    def _head(self) -> Iterator[str]:
        yield self.title
        yield _("Openbravo On Demand, zone %(zone)s, %(at)s (%(time_zone)s)") % {
            "zone": settings.ZONE,
            "at": localtime(self.now).isoformat(timespec="minutes"),
            "time_zone": get_current_timezone_name(),
        }
        yield ""
        yield _("Each table comes twice, with the same rows: as CSV (UTF-8, commas) and as JSON.")
        yield _("Numbers have a point and no thousands mark. Instants are ISO 8601 with their offset.")
        yield _("In the CSV a text that a spreadsheet would calculate begins with an apostrophe.")


def _flat(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(json.dumps(value, ensure_ascii=False) if isinstance(value, AS_JSON) else value for value in row)


def _objects(found: list[tuple[Any, ...]], table: Table) -> Iterator[dict[str, Any]]:
    size = len(table.columns)
    for row in found:
        codes = iter(row[size:])
        yield {
            column.header: _value(value, next(codes) if column.kind == "money" else "")
            for column, value in zip(table.columns, row, strict=False)
        }


def _value(value: Any, currency: str) -> Any:
    if value is None or isinstance(value, AS_JSON):
        return value
    if currency:
        return Money(value, currency).plain
    if isinstance(value, datetime):
        return localtime(value).isoformat(timespec="seconds")
    return value if isinstance(value, int) else str(value)


def _told(table: Table, count: int) -> str:
    head = ["", f"{table.name}.csv, {table.name}.json ({count})", str(table.lead)]
    return "\n".join(head + [f"  {column.header}: {column.meaning}" for column in table.columns])
