"""One detail screen for everything: a title, facts in sections, tables of what belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views import View

from ondemand.portal.tables import ListTable
from ondemand.scopes import require_role


@dataclass(frozen=True)
class Fact:
    """`value`: text, or HTML from ondemand.portal.values; None is shown as a dash. `big` is for figures."""

    label: Any
    value: Any
    big: bool = False
    help: Any = ""


@dataclass(frozen=True)
class Facts:
    """A definition list. With `wide` it takes the whole width."""

    facts: Sequence[Fact]
    title: Any = ""
    wide: bool = False
    kind: str = field(default="facts", init=False)


@dataclass(frozen=True)
class Rows:
    """A table of what belongs to the row, its first `limit` rows; `more` is the URL of the whole list."""

    title: Any
    table: ListTable
    empty: Any = ""
    more: str = ""
    wide: bool = True
    kind: str = field(default="rows", init=False)


def first_rows(table_class: type[ListTable], rows: QuerySet[Any], limit: int = 10) -> ListTable:
    """A table of the first rows in its own order, without pages."""
    table = table_class(rows)
    table.arrange("")
    table.data.data = list(table.data.data[:limit])
    return table


class DetailScreen(View):
    """A subclass gives the rows that may be seen, and what to show of one; anything else is a 404."""

    template_name: ClassVar[str] = "portal/detail.html"
    kicker: ClassVar[Any] = ""
    back: ClassVar[tuple[Any, str] | None] = None  # label and URL name of the list
    roles: ClassVar[frozenset[str] | None] = None
    key: ClassVar[str] = "pk"

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        """Everything this request may see."""
        raise NotImplementedError

    def title(self, row: Any) -> Any:
        return str(row)

    def sections(self, row: Any) -> Sequence[Facts | Rows]:
        return ()

    def extra(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """More context, for a template that extends portal/detail.html."""
        return {}

    def admit(self, request: HttpRequest) -> None:
        """Raise PermissionDenied for who may not see this screen at all."""
        require_role(request, self.roles)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.admit(request)
        return super().dispatch(request, *args, **kwargs)

    def row(self, request: HttpRequest, **kwargs: Any) -> Model:
        """The row that the address names. Raises Http404 also where the key makes no sense."""
        try:
            found: Model = get_object_or_404(self.rows(request), **{self.key: kwargs[self.key]})
        except (ValueError, OverflowError) as nonsense:
            raise Http404 from nonsense
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        row = self.row(request, **kwargs)
        context = {"screen": self, "row": row, "title": self.title(row), "sections": self.sections(row)}
        return render(request, self.template_name, context | self.extra(request, row))
