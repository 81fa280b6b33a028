"""CSV and XLSX of exactly what is filtered: written to a temporary file, then sent."""

import csv
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import TextIOWrapper
from typing import IO, Any, Literal

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import FileResponse
from django.utils.text import slugify
from django.utils.timezone import get_current_timezone, get_current_timezone_name, localtime

from ondemand.money import Money
from ondemand.portal.tables import hundredths

Kind = Literal["text", "number", "money", "rate", "date", "instant"]
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Column:
    """One column of a file. `field` is a path for values_list, or an annotation of the queryset.

    money: minor units, written in major units by the row's currency (`currency` is its path);
    rate: basis points, written in per cent; date and instant: ISO, an instant with its offset.
    `say` makes a text of what was found.
    """

    header: str
    field: str
    kind: Kind = "text"
    currency: str = "currency"
    say: Callable[[Any], str] | None = None


@dataclass(frozen=True)
class Written:
    file: IO[bytes]
    rows: int
    currencies: tuple[str, ...]


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula and every format can hold."""
    text = _UNWRITABLE.sub("", text)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text


def write(rows: QuerySet[Model], columns: list[Column], form: str) -> Written:
    """Every row of `rows` in its order; `form` is csv or xlsx. The caller closes the file, or sends it."""
    fields = [column.field for column in columns]
    paid_in = [column.currency for column in columns if column.kind == "money"]
    found = rows.values_list(*fields, *paid_in).iterator(chunk_size=2_000)
    currencies: set[str] = set()
    lines = plain_lines(found, columns, currencies)
    file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    count = (write_csv if form == "csv" else write_xlsx)(file, [column.header for column in columns], lines)
    file.seek(0)
    return Written(file, count, tuple(sorted(currencies)))


def plain_lines(found: Iterator[tuple[Any, ...]], columns: list[Column], currencies: set[str]) -> Iterator[list[Any]]:
    """Each row as plain values; the currencies of its money stand behind its columns."""
    size = len(columns)
    paid_in = [place for place, column in enumerate(columns) if column.kind == "money"]
    for row in found:
        codes = dict(zip(paid_in, row[size:], strict=True))
        currencies.update(str(code) for code in codes.values() if code)
        yield [
            harmless(column.say(row[place])) if column.say else _plain(row[place], column.kind, codes.get(place))
            for place, column in enumerate(columns)
        ]


def _plain(value: Any, kind: Kind, currency: Any) -> Any:
    if value is None:
        return ""
    if kind == "money":
        return _Figure(Money(value, currency).plain)
    if kind == "rate":
        return _Figure(hundredths(value))
    if isinstance(value, datetime):
        return localtime(value).date() if kind == "date" else localtime(value).isoformat(timespec="seconds")
    if isinstance(value, int | date) and not isinstance(value, bool):
        return value
    return harmless(str(value))


class _Figure(str):
    """A number as text, exact: no formula although it may begin with a minus."""


def write_csv(file: IO[bytes], headers: list[str], lines: Iterator[list[Any]]) -> int:
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(headers)
    count = 0
    for line in lines:
        writer.writerow(line)
        count += 1
    text.detach()
    return count


def write_xlsx(file: IO[bytes], headers: list[str], lines: Iterator[list[Any]]) -> int:
    from openpyxl import Workbook  # some megabytes in every process, for a file that is asked for now and then

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    sheet.append(headers)
    count = 0
    for line in lines:
        sheet.append([_exact(value) for value in line])
        count += 1
    book.save(file)
    return count


def _exact(value: Any) -> Any:
    return Decimal(value) if isinstance(value, _Figure) else value


def file_name(name: str, now: datetime, currencies: tuple[str, ...], form: str) -> str:
    """Names the list, the platform's zone, the day, the time zone and the currencies of what is inside."""
    today = now.astimezone(get_current_timezone()).date().isoformat()
    parts = [slugify(name), settings.ZONE, today, get_current_timezone_name().replace("/", "-"), *currencies]
    return f"{'_'.join(part for part in parts if part)}.{form}"


def answer(written: Written, name: str, form: str) -> FileResponse:
    return FileResponse(written.file, as_attachment=True, filename=name, content_type=TYPES[form])
