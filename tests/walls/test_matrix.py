"""Every address × method × stranger: nothing of another is shown, told apart or changed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
from django.conf import settings as django_settings
from django.test import Client

from ondemand.models import User
from tests.conftest import in_ci, long_share
from tests.counts import say
from tests.factories import sign_in
from tests.walls.addresses import Address, addresses
from tests.walls.marked import MACHINE_MARK, MARK, MONEY_MARKS, Marked, make_marked, rows_of, signed_in_as

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
FORM = "application/x-www-form-urlencoded"
TOKEN = re.compile(r'(name="csrfmiddlewaretoken" value=")[^"]+')
# Whoever has the address may see what it shows; that is what these addresses are for.
BY_ADDRESS = {
    "signup",
    "signup-embed",
    "signup-return",
    "signup-progress",
    "signup-password",
    "signup-resume",
    "terms",
    "privacy",
}
MONEY = {"commissions", "commission", "payments", "payment", "bank-account"}
TEAM = {"team", "team-activity", "team-seat", "team-disable", "team-enable", "team-resend", "team-withdraw"}
OWN_WORD = {"team-leave", "team-switch"}  # open to every role, and the walk would be out: tests/teams/test_seats.py
CLOSED = {"support": MONEY | TEAM, "finance": {"instances", "instance"} | TEAM}


@dataclass
class Visitor:
    """A browser that signs in again when an address has ended its session."""

    user: User | None
    enter: Callable[[User], Client] = sign_in
    browser: Client = field(default_factory=Client)
    session: str = ""
    requests: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def sign_in(self) -> None:
        cookie = self.browser.cookies.get(django_settings.SESSION_COOKIE_NAME)
        if self.user and (cookie is None or cookie.value != self.session or not self.session):
            self.browser = self.enter(self.user)
            self.session = self.browser.cookies[django_settings.SESSION_COOKIE_NAME].value

    def ask(self, method: str, path: str, query: dict[str, str] | None = None, body: str = "") -> Any:
        self.sign_in()
        self.browser.raise_request_exception = False
        self.requests += 1
        return self.browser.generic(
            method, path, body, FORM, QUERY_STRING=urlencode(query or {}), headers=self.headers or None
        )


def text_of(answer: Any) -> str:
    """What was sent, head and body, in lower case; a workbook unpacked."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"\n".join(book.read(name) for name in book.namelist())
    return f"{answer.headers}\n{body.decode(errors='replace')}".lower()


@pytest.fixture
def marked(fresh_database: str, settings: Any) -> Marked:
    settings.STRIPE_RETRIES = 0
    return make_marked()


def asked() -> Iterator[tuple[Address, str]]:
    """All of them in CI; every day two methods, and of the admin's pages, which are alike, one."""
    for address in addresses():
        usual = ("GET",) if address.is_admin else ("GET", "POST")
        for method in METHODS if long_share() else usual:
            yield address, method


def queries(address: Address, method: str, ids: dict[str, str]) -> list[dict[str, str]]:
    if method != "GET" or address.parameters or address.is_admin:
        return [ids]
    return [{}, ids, ids | {"export": "csv"}, {"export": "csv"}, {"export": "xlsx"}]


def like(answer: Any, path: str) -> tuple[int, str]:
    """What a stranger can compare, less the address itself and tokens, which differ anyway."""
    seen = unquote(f"{answer.headers.get('Location')}\n{answer.content.decode(errors='replace')}")
    return answer.status_code, TOKEN.sub(r"\1", seen).replace(path, "")


def test_the_owner_meets_the_marks(marked: Marked) -> None:
    """So that their absence elsewhere says something."""
    owner = Visitor(marked.cast.iberia.owner)
    for address in addresses():
        if address.name in ("customers", "customer", "instances", "instance", "commissions", "commission", "payments"):
            foreign, _ = marked.values().paths(address)
            answer = owner.ask("GET", foreign)
            assert answer.status_code == 200
            assert MARK in text_of(answer), address.route


@pytest.mark.parametrize(
    "who",
    [
        "the rival's owner",
        *(pytest.param(who, marks=in_ci) for who in ("anonymous", "another customer", "the rival's customer")),
    ],
)
def test_a_stranger_meets_nothing_and_changes_nothing(marked: Marked, fresh_database: str, who: str) -> None:
    values, ids = marked.values(), marked.named_ids()
    visitor = Visitor(signed_in_as(marked)[who](), headers=as_headers(ids))
    before, wrong = rows_of(marked.cast.iberia.partner, fresh_database), []
    for address, method in asked():
        foreign, missing = values.paths(address)
        body = urlencode(ids) if method in ("POST", "PUT", "PATCH") else ""
        for query in queries(address, method, ids):
            answer = visitor.ask(method, foreign, query, body)
            wrong += findings(address, method, who, answer)
        if address.parameters and address.name not in BY_ADDRESS:
            nobody = visitor.ask(method, missing, query, body)
            if like(answer, foreign) != like(nobody, missing):
                wrong.append(f"{method} {foreign}: {answer.status_code}, of no row {nobody.status_code}")
    after = rows_of(marked.cast.iberia.partner, fresh_database)
    changed = [table for table in before if before[table] != after[table]]
    say(f"{who}: {visitor.requests} requests, {len(wrong)} findings, {len(changed)} tables changed")
    assert not wrong, "\n".join(wrong)
    assert changed == []


def as_headers(ids: dict[str, str]) -> dict[str, str]:
    return {f"X-{name.replace('_', '-')}": value for name, value in ids.items()}


def findings(address: Address, method: str, who: str, answer: Any) -> list[str]:
    seen, found = text_of(answer), []
    marks = [MARK] if address.name in BY_ADDRESS or who == "another customer" else [MARK, "iberia"]
    found += [f"{method} {address.route}: shows {mark}" for mark in marks if mark in seen]
    if answer.status_code >= 500:
        found.append(f"{method} {address.route}: {answer.status_code}")
    return found


@in_ci
def test_nobody_is_answered_with_what_was_kept_for_another(marked: Marked) -> None:
    """The victim comes to each page first, the stranger right behind."""
    cast, wrong = marked.cast, []
    pairs = [
        (cast.iberia.owner, cast.nordic.owner, "the rival's owner"),
        (marked.person_seat.user, marked.neighbour, "another customer"),
    ]
    for victim, stranger, who in pairs:
        first, second = Visitor(victim), Visitor(stranger)
        for address in (each for each in addresses() if not each.is_admin):
            path, _ = marked.values().paths(address)
            first.ask("GET", path)
            wrong += findings(address, "GET", who, second.ask("GET", path))
    assert not wrong, "\n".join(wrong)


def test_a_foreign_row_does_not_exist_for_the_rival(marked: Marked) -> None:
    rival, met = Visitor(marked.cast.nordic.owner), []
    for address in addresses():
        if "pk" in address.parameters and not address.route.startswith(("account", "admin/")):
            foreign, _ = marked.values().paths(address)
            met.append((address.route, rival.ask("GET", foreign).status_code))
    assert len(met) >= 5
    assert [each for each in met if each[1] not in (404, 405)] == []  # 405: of an address that only takes a POST


@in_ci
@pytest.mark.parametrize(("role", "marks"), [("support", MONEY_MARKS), ("finance", (MACHINE_MARK,))])
def test_a_member_of_another_role_is_refused(
    marked: Marked, fresh_database: str, role: str, marks: tuple[str, ...]
) -> None:
    visitor, values = Visitor(getattr(marked.cast.iberia, role)), marked.values()
    before, wrong, refused = rows_of(marked.cast.iberia.partner, fresh_database), [], 0
    for address, method in asked():
        if address.name in OWN_WORD:
            continue
        foreign, _ = values.paths(address)
        for query in queries(address, method, {}):
            answer = visitor.ask(method, foreign, query)
            wrong += [f"{method} {foreign}: shows {mark}" for mark in marks if mark in text_of(answer)]
            refused += answer.status_code == 403
            if address.name in CLOSED[role] and answer.status_code not in (403, 405):
                wrong.append(f"{method} {foreign}: {answer.status_code}")
    after = rows_of(marked.cast.iberia.partner, fresh_database)
    changed = {table for table in before if before[table] != after[table]}
    say(f"{role}: {visitor.requests} requests, {refused} refused, {len(wrong)} findings")
    assert not wrong, "\n".join(wrong)
    assert changed <= {"ondemand_auditentry"}  # that a file was taken
