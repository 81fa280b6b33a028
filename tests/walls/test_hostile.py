"""Hostile values in every field of every form and in every query parameter: never a 5xx, nothing reflected.

The admin's forms are not among them: Django's own admin fails at forged ids, which only staff can send.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.urls import resolve

from ondemand.portal.views import ListScreen
from ondemand.tenancy.context import Scope, tenant
from ondemand.tenancy.roles import Role
from tests.conftest import long_share
from tests.walls.addresses import addresses
from tests.walls.hostile import MARKUP, VALUES, Form, encoded, forms_of
from tests.walls.marked import Marked, make_marked
from tests.walls.test_matrix import Visitor, text_of

OF_LISTS = ("sort", "page", "hide", "totals", "export")
OF_PAGES = ("next", "q")
EVERY_DAY = 3
LEAVES = re.compile(r"/(accounts/logout|account/card|payments/bank-account)/")
DIGITS = re.compile(r"\d+")


def turns() -> Callable[[], list[str]]:
    """Each field takes the next few, so that together they take them all; with ONDEMAND_LONG=1 each takes all."""
    values, count = cycle(VALUES), len(VALUES) if long_share() == 1 else EVERY_DAY
    return lambda: list(islice(values, count))


@pytest.fixture
def marked(fresh_database: str, settings: Any) -> Marked:
    settings.STRIPE_RETRIES = 0
    marked = make_marked()
    with tenant(Scope(Role.AUTH)):
        Authenticator.objects.all().delete()  # its key is made up: no page that asks for it bears that
    return marked


def visitor_of(marked: Marked, who: str) -> Visitor:
    cast = marked.cast
    users = {"owner": cast.iberia.owner, "customer": marked.neighbour}
    return Visitor(users.get(who))


def wrong_in(answer: Any, what: str) -> list[str]:
    found = [f"{what}: {answer.status_code}"] if answer.status_code >= 500 else []
    return found + ([f"{what}: reflected"] if MARKUP in text_of(answer) else [])


def parameters(path: str) -> Iterator[str]:
    screen: Any = getattr(resolve(path.partition("?")[0]).func, "view_class", object)
    if issubclass(screen, ListScreen):
        yield from screen.filter_class.base_filters
        yield from OF_LISTS
    yield from OF_PAGES


def test_there_are_enough() -> None:
    assert len(set(VALUES)) >= 100


def test_in_a_query(marked: Marked, capsys: Any) -> None:
    values, visitors = marked.values(), {who: visitor_of(marked, who) for who in ("anonymous", "owner", "customer")}
    wrong, count, some = [], 0, turns()
    for address in addresses():
        path, _ = values.paths(address)
        if address.is_admin or LEAVES.search(path):
            continue
        who = "customer" if path.startswith("/account/") else "owner"
        for name in parameters(path):
            for value in some():
                count += 1
                answer = visitors[who].ask("GET", f"{path}?{encoded({name: value})}")
                wrong += wrong_in(answer, f"{path} ?{name}={value[:40]!r}")
    with capsys.disabled():
        print(f"\nqueries: {count} hostile values, {len(wrong)} findings")
    assert not wrong, "\n".join(wrong)


def pages(marked: Marked) -> Iterator[str]:
    for address in addresses():
        path, _ = marked.values().paths(address)
        if not address.is_admin and not LEAVES.search(path):
            yield path


def forms(visitor: Visitor, marked: Marked) -> Iterator[Form]:
    """Each form once, wherever it stands; a page's rows have the same form with other numbers."""
    seen = set[tuple[str, frozenset[str]]]()
    for path in pages(marked):
        answer = visitor.ask("GET", path)
        if answer.status_code != 200 or "html" not in answer.headers["Content-Type"]:
            continue
        for form in forms_of(path, answer.content.decode()):
            key = DIGITS.sub("0", form.action), frozenset(form.fields)
            if form.method == "POST" and form.action.startswith("/") and key not in seen:
                seen.add(key)
                yield form


@pytest.mark.parametrize("who", ["anonymous", "owner", "customer"])
def test_in_a_form(marked: Marked, who: str, capsys: Any) -> None:
    visitor, wrong, count, some = visitor_of(marked, who), list[str](), 0, turns()
    found = [form for form in forms(visitor, marked) if not LEAVES.search(form.action)]
    for form in found:
        for name in form.fields.keys() - {"csrfmiddlewaretoken"}:
            for value in some():
                count += 1
                answer = visitor.ask("POST", form.action, body=encoded(form.fields | {name: value}))
                wrong += wrong_in(answer, f"{who} {form.action} {name}={value[:40]!r}")
    with capsys.disabled():
        print(f"\n{who}: {count} hostile values in {len(found)} forms, {len(wrong)} findings")
    assert found
    assert not wrong, "\n".join(wrong)
