"""Every list of the portal has all of what a list has: found in the URLconf, so none is forgotten."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from ondemand.portal.detail import DetailScreen
from ondemand.portal.tables import Cell, ListTable
from ondemand.portal.views import ListScreen


def screens(kind: type, resolver: URLResolver | None = None) -> Iterator[Any]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from screens(kind, entry)
        elif isinstance(entry, URLPattern):
            view = getattr(entry.callback, "view_class", object)
            if issubclass(view, kind):
                yield view


LISTS = sorted(set(screens(ListScreen)), key=lambda screen: screen.__qualname__)
DETAILS = sorted(set(screens(DetailScreen)), key=lambda screen: screen.__qualname__)


@pytest.mark.parametrize("screen", LISTS, ids=lambda screen: screen.__qualname__)
class TestEveryList:
    def test_has_a_search(self, screen: type[ListScreen]) -> None:
        assert screen.filter_class.search

    def test_says_what_to_do_when_it_is_empty(self, screen: type[ListScreen]) -> None:
        assert screen.empty_title
        assert screen.empty_text

    def test_names_its_files(self, screen: type[ListScreen]) -> None:
        assert screen.export_name

    def test_says_who_may_see_it(self, screen: type[ListScreen]) -> None:
        assert "roles" in vars(screen)

    def test_draws_its_cells_by_itself_in_an_order_of_its_own(self, screen: type[ListScreen]) -> None:
        table = screen.table_class
        assert issubclass(table, ListTable)
        assert table._meta.order_by
        assert all(isinstance(column, Cell) for column in table.base_columns.values())


@pytest.mark.parametrize("screen", DETAILS, ids=lambda screen: screen.__qualname__)
def test_every_detail_says_who_may_see_it(screen: type[DetailScreen]) -> None:
    assert "roles" in vars(screen)
