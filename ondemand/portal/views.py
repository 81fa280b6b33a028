"""One list screen for everything: a subclass names its table, filter, rows and totals."""

from collections.abc import Sequence
from typing import Any, ClassVar, get_args
from urllib.parse import parse_qsl

from django.db.models import Model, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import get_current_timezone_name
from django.views import View

from ondemand.clock import now
from ondemand.portal import exports, totals
from ondemand.portal.exports import Column, Kind
from ondemand.portal.filters import ListFilter
from ondemand.portal.footer import Foot, footer
from ondemand.portal.query import Query, understood
from ondemand.portal.tables import Cell, ListTable, MoneyCell
from ondemand.portal.totals import Totals
from ondemand.scopes import require_role

NO_FILTER = frozenset({"sort", "page", "hide", "totals"})


class ListScreen(View):
    """?q= and the filters, ?sort=, ?page=, ?hide=, ?export=csv|xlsx; nonsense in them is ignored or said.

    totals: (label, field) to add up per currency over everything filtered.
    tabs: (label, query string) of ready-made filters, such as (_("Past due"), "state=past_due").
    export: the columns of the files; without it, those of the table.
    """

    title: ClassVar[Any]
    kicker: ClassVar[Any] = ""
    lead: ClassVar[Any] = ""
    template_name: ClassVar[str] = "portal/list.html"
    table_class: ClassVar[type[ListTable]]
    filter_class: ClassVar[type[ListFilter]] = ListFilter
    roles: ClassVar[frozenset[str] | None] = None
    totals: ClassVar[Sequence[tuple[Any, str]]] = ()
    currency_field: ClassVar[str] = "currency"
    tabs: ClassVar[Sequence[tuple[Any, str]]] = ()
    export: ClassVar[Sequence[Column]] = ()
    export_name: ClassVar[str] = ""
    empty_title: ClassVar[Any] = ""
    empty_text: ClassVar[Any] = ""
    empty_action: ClassVar[tuple[Any, str] | None] = None  # a label and a URL
    searched_up_to: ClassVar[int] = 1_000
    searched_pages: ClassVar[int] = 5

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        """Everything this request may see."""
        raise NotImplementedError

    def kept_totals(self, request: HttpRequest, chosen: dict[str, Any]) -> Totals | None:
        """Totals from kept sums, or None where they do not cover what was chosen."""
        return None

    def exported(self, request: HttpRequest, rows: int) -> None:
        """Called when a file of so many rows was written, in the same transaction: keep a record here."""

    def extra(self, request: HttpRequest) -> dict[str, Any]:
        """More context, for a template that extends portal/list.html."""
        return {}

    def admit(self, request: HttpRequest) -> None:
        """Raises PermissionDenied (403) for who may not see the list."""
        require_role(request, self.roles)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.admit(request)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        everything = self.rows(request)
        filtered = self.filter_class(request.GET, everything, request=request)
        form = filtered.form
        form.is_valid()
        if (wanted := request.GET.get("export", "")) in exports.TYPES:
            return self._file(filtered.qs, wanted)
        summed, rows = self._summed(everything, filtered.qs, form.cleaned_data)
        table = self.table_class(rows)
        table.arrange(request.GET.get("sort", "")[:100])
        hidden = self._hide(table)
        table.turn_to(request.GET.get("page", "1"), self._reach(table, summed), whole=not summed.cut)
        query = understood(request.GET, form, str(table.order_by[0]) if table.order_by else "", hidden)
        context = self._context(table, filtered, summed, query, hidden)
        return render(request, self.template_name, context | self.extra(request))

    def _summed(
        self, everything: QuerySet[Model], rows: QuerySet[Model], chosen: dict[str, Any]
    ) -> tuple[Totals, QuerySet[Model]]:
        kept = self.kept_totals(self.request, chosen)
        if kept is not None:
            return kept, rows
        fields = [field for _, field in self.totals]
        if not chosen.get("q") or self.request.GET.get("totals") == "all":
            return totals.whole(rows, self.currency_field, fields), rows
        found, ids = totals.sample(rows, self.currency_field, fields, self.searched_up_to)
        return found, rows if found.cut else everything.filter(pk__in=ids)

    def _reach(self, table: ListTable, summed: Totals) -> int:
        return min(summed.count, self.searched_pages * table._meta.per_page) if summed.cut else summed.count

    def _hide(self, table: ListTable) -> list[str]:
        """The first column stays: it names the row."""
        names = list(table.columns.names())
        asked = set(self.request.GET.getlist("hide"))
        hidden = [name for name in names[1:] if name in asked]
        for name in hidden:
            table.columns.hide(name)
        return hidden

    def _context(
        self, table: ListTable, filtered: ListFilter, summed: Totals, query: Query, hidden: list[str]
    ) -> dict[str, Any]:
        return {
            "screen": self,
            "table": table,
            "form": filtered.form,
            "search_hint": filtered.search_hint,
            "filtering": any(value not in (None, "") for value in filtered.form.cleaned_data.values()),
            "columns": [(bound.name, bound.header, bound.name in hidden) for bound in table.columns.iterall()],
            "sorts": list(_sorts(table)),
            "sort": str(table.order_by[0]) if table.order_by else "",
            "summed": summed,
            "foot": self._foot(table, summed),
            "numbers": table.paginator.get_elided_page_range(table.page.number, on_each_side=1, on_ends=1),
            "time_zone": get_current_timezone_name() if table.has_instants else "",
            "unsorted": query.link("sort"),
            "unpaged": query.link(),
            "tabs": [(label, f"?{chosen}", self._is_tab(chosen)) for label, chosen in self.tabs],
        }

    def _foot(self, table: ListTable, summed: Totals) -> list[Foot]:
        return footer(table, summed, [(str(label), field) for label, field in self.totals])

    def _is_tab(self, chosen: str) -> bool:
        here = {(key, value) for key, value in self.request.GET.items() if value and key not in NO_FILTER}
        return here == set(parse_qsl(chosen))

    def _file(self, rows: QuerySet[Model], form: str) -> FileResponse:
        table = self.table_class(rows)
        table.arrange(self.request.GET.get("sort", "")[:100])
        columns = list(self.export) or table_columns(table)
        written = exports.write(table.data.data, columns, form)
        self.exported(self.request, written.rows)
        name = exports.file_name(self.export_name or type(self).__name__, now(), written.currencies, form)
        return exports.answer(written, name, form)


def _sorts(table: ListTable) -> Any:
    """Each way to sort, as (value, header, descending): for phones, where the head is not seen."""
    for bound in table.columns:
        if bound.orderable:
            yield bound.name, bound.header, False
            yield f"-{bound.name}", bound.header, True


def table_columns(table: ListTable) -> list[Column]:
    """The visible table as the columns of a file; a currency column follows where there is money."""
    kinds: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
    columns: list[Column] = []
    paid_in = ""
    for bound in table.columns:
        cell: Cell = bound.column
        if not cell.exported:
            continue
        kind = kinds.get(cell.kind.split()[-1], "text")
        currency = cell.currency_path if isinstance(cell, MoneyCell) else ""
        paid_in = paid_in or currency
        columns.append(Column(bound.name, str(bound.accessor), kind, currency or "currency"))
    return [*columns, Column("currency", paid_in)] if paid_in else columns
