"""A django-tables2 table that draws a page of rows without looking anything up per cell."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from datetime import date, datetime
from operator import attrgetter
from typing import Any, ClassVar, Self

import django_tables2 as tables
from django.db.models import Model, QuerySet
from django.db.models.expressions import OrderBy
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext

from ondemand.portal import values
from ondemand.portal.paging import Pages

Getter = Callable[[Any], Any]
Url = str | Getter | None
Labels = Iterable[tuple[Any, Any]] | Mapping[Any, Any]


def getter(path: str) -> Getter:
    """Reads `plan__name` or `plan.name` from a row; None where a link of the chain is missing."""
    get = attrgetter(path.replace("__", "."))

    def safe(row: Any) -> Any:
        try:
            return get(row)
        except AttributeError:
            return None

    return get if "__" not in path and "." not in path else safe


class Cell(tables.Column):  # type: ignore[misc]
    """A column. What `draw` returns is escaped, unless format_html made it."""

    kind: ClassVar[str] = "text"
    exported: ClassVar[bool] = True

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return copy(self)  # a table copies its columns on every request; only `visible` changes

    @property
    def header(self) -> str | None:
        return capfirst(self.verbose_name) if self.verbose_name else None

    def draw(self, value: Any, row: Any) -> str:
        return str(value)


class TextCell(Cell):
    """Text as it is."""


class LinkCell(Cell):
    """Text that leads to the row's own page, or to `url`: a path of attributes, or a function of the row."""

    kind = "link"

    def __init__(self, *, url: Url = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.url: Getter = url if callable(url) else getter(url) if url else _own_page

    def draw(self, value: Any, row: Any) -> str:
        url = self.url(row)
        return values.link(url, value) if url else str(value)


def _own_page(row: Any) -> str:
    return str(row.get_absolute_url())


class MailCell(Cell):
    kind = "mail"

    def draw(self, value: str, row: Any) -> str:
        return values.mail(value)


class DateCell(Cell):
    """A date, or the day of an instant in the current time zone."""

    kind = "date"

    def draw(self, value: date, row: Any) -> str:
        return values.day(value)


class DateTimeCell(Cell):
    """An instant in the current time zone; the list names the zone."""

    kind = "instant"

    def draw(self, value: datetime, row: Any) -> str:
        return values.instant(value)


class NumberCell(Cell):
    kind = "number"

    def draw(self, value: Any, row: Any) -> str:
        return values.number(value)


class MoneyCell(NumberCell):
    """Minor units; `currency` is the path to the row's currency."""

    kind = "number money"

    def __init__(self, *, currency: str = "currency", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.currency_path = currency
        self.currency = getter(currency)

    def draw(self, value: int, row: Any) -> str:
        return values.money(value, self.currency(row))


class PercentCell(NumberCell):
    """Basis points, drawn as a percentage."""

    kind = "number rate"

    def draw(self, value: int, row: Any) -> str:
        return percent(value)


class BadgeCell(Cell):
    """A choice: its label is the text, `tones` gives the stored value's colour (see values.TONES)."""

    kind = "state"

    def __init__(self, labels: Labels, tones: Mapping[Any, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.labels = dict(labels)
        self.tones = tones or {}

    def draw(self, value: Any, row: Any) -> str:
        return values.badge(self.labels.get(value, value), self.tones.get(value, "calm"))


class ActionCell(Cell):
    """A link with a fixed text, such as to a list of what belongs to the row. Neither sorted nor exported."""

    kind = "action"
    exported = False

    def __init__(self, text: Any, *, url: Url, **kwargs: Any) -> None:
        super().__init__(**{"accessor": "pk", "orderable": False} | kwargs)
        self.text = text
        self.url: Getter = url if callable(url) else getter(url) if url else _own_page

    def draw(self, value: Any, row: Any) -> str:
        url = self.url(row)
        return values.link(url, self.text) if url else values.NOTHING


class ListTable(tables.Table):  # type: ignore[misc]
    """The table of a list: Cells only, and a Meta(ListTable.Meta) with order_by."""

    page: Any

    class Meta:
        per_page = 25
        default = values.NOTHING

    def arrange(self, asked: str) -> None:
        """Sort by the first key asked for, else by Meta.order_by, then by the id, the same way."""
        self.order_by = asked.split(",")[0]
        if not self.order_by:
            self.order_by = self._meta.order_by
        rows: QuerySet[Model] = self.data.data
        keys = rows.query.order_by
        last = "-pk" if not keys or _descends(keys[0]) else "pk"
        self.data.data = rows.order_by(*keys, last)

    def turn_to(self, page: str, count: int, whole: bool) -> None:
        self.paginator = Pages(self.data.data, self._meta.per_page, count, whole)
        self.page = self.paginator.get_page(page)

    def drawn_rows(self) -> Iterator[SafeString]:
        """Each row of the page (of everything, where no page was turned to) as its cells."""
        cells = []
        for bound in self.columns:
            start = format_html('<td role="cell" class="{}" data-label="{}">', bound.column.kind, bound.header)
            cells.append((start, getter(str(bound.accessor)), bound.column.draw))
        for row in self.page.object_list if hasattr(self, "page") else self.data.data:
            parts = []
            for start, get, draw in cells:
                value = get(row)
                text = self.default if value is None or value == "" else draw(value, row)
                parts.append(f"{start}{conditional_escape(text)}</td>")
            yield mark_safe("".join(parts))

    @property
    def has_instants(self) -> bool:
        return any(bound.column.kind == "instant" for bound in self.columns)


def _descends(key: Any) -> bool:
    if isinstance(key, str):
        return key.startswith("-")
    return isinstance(key, OrderBy) and key.descending


def percent(value: int) -> str:
    """Basis points, in the reader's language."""
    return gettext("%(share)s%%") % {"share": values.number(hundredths(value))}


def hundredths(value: int) -> str:
    """1250 → 12.5; integer arithmetic."""
    whole, rest = divmod(abs(value), 100)
    text = f"{whole}.{rest:02d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text
