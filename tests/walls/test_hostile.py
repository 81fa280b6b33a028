"""Hostile values in every form field and query parameter: never a 5xx, nothing reflected, nothing lost.

How many values each takes stands in hostile.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.test import override_settings
from django.urls import resolve

from ondemand.portal.views import ListScreen
from ondemand.tenancy.context import Scope, tenant
from ondemand.tenancy.roles import Role
from tests.conftest import database
from tests.counts import say
from tests.factories import sign_in_anew
from tests.walls.addresses import addresses
from tests.walls.forms import WORDS, Form, forms_of
from tests.walls.hostile import MARKUP, VALUES, encoded, rounds, together
from tests.walls.marked import Marked, make_marked
from tests.walls.test_matrix import Visitor, text_of

OF_LISTS = ("sort", "page", "hide", "totals", "export")
OF_PAGES = ("next", "q")
LEAVES = re.compile(r"/(accounts/logout|account/card|payments/bank-account)/")
DIGITS = re.compile(r"\d+")


@pytest.fixture(scope="module")
def marked(django_db_setup: None, django_db_blocker: Any) -> Iterator[Marked]:
    """One world for all of them: what they change may make the next one's way shorter, not easier."""
    limits = {"STRIPE_RETRIES": 0, "ACCOUNT_RATE_LIMITS": False, "MFA_RATE_LIMITS": False}
    with django_db_blocker.unblock(), database("hostile"), override_settings(**limits):
        marked = make_marked()
        with tenant(Scope(Role.AUTH)):
            Authenticator.objects.all().delete()  # its key is made up: no page that asks for it bears that
        yield marked


def visitor_of(marked: Marked, who: str) -> Visitor:
    users = {"owner": marked.cast.iberia.owner, "customer": marked.neighbour, "staff": marked.cast.staff}
    return Visitor(users.get(who), enter=sign_in_anew)


@dataclass
class Count:
    """What was sent, and what was wrong with the answers."""

    fields: set[tuple[str, str]] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    requests: int = 0
    wrong: list[str] = field(default_factory=list)

    def take(self, answer: Any, *, address: str, hostile: dict[str, str]) -> None:
        self.requests += 1
        self.fields |= {(DIGITS.sub("0", address), name) for name in hostile}
        self.values |= set(hostile.values())
        if answer.status_code >= 500:
            self.miss(address, hostile, f"{answer.status_code}")
        is_page = answer.headers.get("Content-Type") != "application/zip"  # a file of one's data holds what was typed
        if is_page and MARKUP in text_of(answer):
            self.miss(address, hostile, "reflected")

    def miss(self, address: str, hostile: dict[str, str], what: str) -> None:
        sent = " ".join(f"{name}={value[:30]!r}" for name, value in hostile.items())
        self.wrong.append(f"{address} {sent}: {what}")

    def say(self, what: str) -> None:
        kinds = {kind: sum(each.endswith(kind) for each in self.wrong) for kind in ("reflected", "lost")}
        say(
            f"{what}: {self.requests} requests, {len(self.fields)} fields, {len(self.values)} values: "
            f"{len(self.wrong) - sum(kinds.values())} of 5xx, {kinds['reflected']} reflected, {kinds['lost']} lost"
        )
        assert not self.wrong, "\n".join(self.wrong)


def queries(path: str) -> Iterator[dict[str, str]]:
    """Lists read a great deal, sign-in and its kin the way back, other pages nothing: one round shows that."""
    screen: Any = getattr(resolve(path).func, "view_class", object)
    if issubclass(screen, ListScreen):
        return together({*screen.filter_class.base_filters, *OF_LISTS})
    return islice(together(OF_PAGES), None if path.startswith("/accounts/") else 1)


def pages(marked: Marked) -> Iterator[str]:
    for address in addresses():
        path, _ = marked.values().paths(address)
        if not address.is_admin and not LEAVES.search(path):
            yield path


def test_there_are_enough() -> None:
    assert len(set(VALUES)) >= 100


def test_in_a_query(marked: Marked) -> None:
    visitors, count = {who: visitor_of(marked, who) for who in ("owner", "customer")}, Count()
    for path in pages(marked):
        visitor = visitors["customer" if path.startswith("/account/") else "owner"]
        for hostile in queries(path):
            count.take(visitor.ask("GET", f"{path}?{encoded(hostile)}"), address=path, hostile=hostile)
    count.say("queries")


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


def lost(answer: Any, form: Form, typed: dict[str, str]) -> Iterator[str]:
    """The fields whose content a refusal does not show again."""
    if answer.status_code in (200, 400, 422, 429) and "html" in answer.headers["Content-Type"]:
        shown = forms_of(form.action, answer.content.decode())
        again = next((each for each in shown if each.is_like(form)), Form(form.action, form.method))
        yield from again.lost(form.typed(typed))
    elif any(each.level >= messages.ERROR for each in messages.get_messages(answer.wsgi_request)):
        yield from form.typed(typed, WORDS)


def attack(visitor: Visitor, form: Form, hostile: dict[str, str], count: Count) -> None:
    typed = form.filled() | hostile
    answer = visitor.ask("POST", form.action, body=encoded(typed))
    count.take(answer, address=form.action, hostile=hostile)
    for name in lost(answer, form, typed):
        count.miss(form.action, hostile, f"{name} lost")


@pytest.mark.parametrize("who", ["anonymous", "owner", "customer"])
def test_in_a_form(marked: Marked, who: str) -> None:
    visitor, count = visitor_of(marked, who), Count()
    found = [form for form in forms(visitor, marked) if not LEAVES.search(form.action)]
    for form in found:
        for hostile in rounds(form.fields.keys() - {"csrfmiddlewaretoken"}):
            with tenant(Scope(Role.AUTH)):
                EmailAddress.objects.filter(verified=False).delete()  # whoever has one adds neither it nor a factor
            attack(visitor, form, hostile, count)
    assert found
    count.say(f"forms, {who}")


def test_a_passkey_of_nothing_is_not_taken(marked: Marked) -> None:
    visitor, page = visitor_of(marked, "owner"), "/accounts/2fa/webauthn/add/"
    for credential in ("false", "0", '""', "[]", "{}"):
        visitor.ask("GET", page)
        assert visitor.ask("POST", page, body=encoded({"name": "x", "credential": credential})).status_code == 200
    with tenant(Scope(Role.AUTH)):
        assert not Authenticator.objects.filter(user=marked.cast.iberia.owner).exists()
