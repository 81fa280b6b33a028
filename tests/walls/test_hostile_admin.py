"""Forged values for all that Django's own admin reads, by staff and by others: refused in words, never a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin

from ondemand.tenancy.context import Scope, tenant
from ondemand.tenancy.roles import Role
from tests.conftest import in_ci
from tests.walls.addresses import addresses
from tests.walls.forms import WORDS, Form, forms_of
from tests.walls.hostile import IDS, LOOKUPS, VALUES, encoded, some_of, together
from tests.walls.marked import Marked
from tests.walls.test_hostile import Count, attack, marked, visitor_of
from tests.walls.test_matrix import Visitor

__all__ = ["marked"]
OF_LISTS = ("q", "p", "o", "e", "all", "year", "month", "day", "_facets", "_changelist_filters", "_popup", "_to_field")
OF_ACTIONS = ("action", "_selected_action", "select_across", "index", "post")
OF_FORMS = ("_popup", "_to_field", "_save", "_saveasnew", "_continue", "_addanother", "_changelist_filters")
OF_AUTOCOMPLETE = ("term", "page", "app_label", "model_name", "field_name")
AUTOCOMPLETE = {"app_label": "partners", "model_name": "member", "field_name": "user", "term": "a"}
FORGED = [*IDS, *VALUES]


def registered() -> Iterator[tuple[str, ModelAdmin]]:
    for model, options in admin.site._registry.items():
        yield f"/admin/{model._meta.app_label}/{model._meta.model_name}/", options


def in_lists() -> Iterator[tuple[str, str]]:
    """What a list reads of its address, and each field with whatever may be hung on it."""
    for address, options in registered():
        yield from ((address, name) for name in OF_LISTS)
        for field, lookup in product(options.model._meta.get_fields(), ["", *LOOKUPS]):
            yield address, f"{field.name}{lookup}"


def test_in_a_lists_address(marked: Marked) -> None:
    staff, count = visitor_of(marked, "staff"), Count()
    for (address, name), value in some_of(list(product(in_lists(), FORGED)), every_day=40):
        count.take(staff.ask("GET", f"{address}?{encoded({name: value})}"), address=address, hostile={name: value})
    count.say("the admin's lists")


def test_a_lookup_that_a_column_has_not_is_a_400(marked: Marked) -> None:
    answer = visitor_of(marked, "staff").ask("GET", "/admin/partners/campaign/?allowed_origins__in=x")
    assert answer.status_code == 400


def test_a_field_without_a_name_is_a_400(marked: Marked) -> None:
    answer = visitor_of(marked, "staff").ask("POST", "/admin/ondemand/user/1/change/", body="_to_field=")
    assert answer.status_code == 400


def test_in_a_lists_actions(marked: Marked) -> None:
    staff, count = visitor_of(marked, "staff"), Count()
    for (address, options), name, value in some_of(list(product(registered(), OF_ACTIONS, FORGED)), every_day=20):
        sent = {"action": str((options.actions or ["delete_selected"])[0]), "_selected_action": "1", name: value}
        count.take(staff.ask("POST", address, body=encoded(sent)), address=address, hostile={name: value})
    count.say("the admin's actions")


def forms(staff: Visitor) -> Iterator[Form]:
    """To add, to change and to delete a row of each kind."""
    for address, options in registered():
        with tenant(Scope(Role.STAFF)):
            row = options.model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        for path in (f"{address}add/", f"{address}{row}/change/", f"{address}{row}/delete/"):
            answer = staff.ask("GET", path)
            found = forms_of(path, answer.content.decode()) if answer.status_code == 200 else []
            yield from (form for form in found if form.method == "POST" and form.action == path)


@in_ci
def test_in_all_fields_of_a_form(marked: Marked) -> None:
    staff, count = visitor_of(marked, "staff"), Count()
    for form in forms(staff):
        for hostile in together(form.typed(form.filled(), WORDS).keys()):
            attack(staff, form, hostile, count)
    count.say("the admin's forms")


@in_ci
def test_in_one_field_of_a_form(marked: Marked) -> None:
    """Missing or forged, while the others are as they should be; among them buttons, popups, and the rows below."""
    staff, count, cases = visitor_of(marked, "staff"), Count(), list[tuple[Form, str, str | None]]()
    for form in forms(staff):
        cases += product([form], [*form.fields, *OF_FORMS], [None, *FORGED])
    for form, name, value in some_of(cases, every_day=30):
        typed = {other: given for other, given in form.filled().items() if other != name or value is not None}
        typed |= {} if value is None else {name: value}
        hostile = {name: "missing" if value is None else value}
        count.take(staff.ask("POST", form.action, body=encoded(typed)), address=form.action, hostile=hostile)
    count.say("one field of the admin's forms")


@pytest.mark.parametrize("who", ["staff", "owner", "anonymous"])
def test_in_place_of_an_id(marked: Marked, who: str) -> None:
    visitor, count, values = visitor_of(marked, who), Count(), marked.values()
    asked = [(each, name) for each in addresses() if each.is_admin for name in each.parameters]
    short = [value for value in FORGED if 0 < len(value) < 5_000]
    for (address, name), value, method in some_of(list(product(asked, short, ("GET", "POST"))), every_day=10):
        path, _ = replace(values, foreign={("", name): _quoted(value)} | values.foreign).paths(address)
        count.take(visitor.ask(method, path), address=address.route, hostile={name: value})
    count.say(f"ids in the admin's addresses, {who}")


def _quoted(value: str) -> str:
    return quote(value, safe="", errors="surrogatepass")


@pytest.mark.parametrize("who", ["staff", "owner", "anonymous"])
def test_in_autocomplete(marked: Marked, who: str) -> None:
    visitor, count = visitor_of(marked, who), Count()
    for name, value in some_of(list(product(OF_AUTOCOMPLETE, FORGED)), every_day=5):
        answer = visitor.ask("GET", f"/admin/autocomplete/?{encoded(AUTOCOMPLETE | {name: value})}")
        count.take(answer, address="/admin/autocomplete/", hostile={name: value})
        assert who == "staff" or answer.status_code in (302, 400, 403)
    count.say(f"the admin's autocomplete, {who}")
