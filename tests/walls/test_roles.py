"""Which database roles a request enters: its area's, and another only where that is listed here."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ondemand.models import User
from ondemand.tenancy.roles import Role
from tests.conftest import in_ci, long_share
from tests.counts import say
from tests.walls.addresses import Address, addresses
from tests.walls.marked import Marked, make_marked
from tests.walls.test_matrix import Visitor

pytestmark = in_ci

AREAS = {
    "accounts/": Role.AUTH,
    "account/": Role.CUSTOMER,
    "signup/": Role.SIGNUP,
    "webhooks/": Role.MACHINE,
    "api/": Role.MACHINE,
    "healthz": Role.MACHINE,
    "readyz": Role.MACHINE,
}
# Who looks a row up in the area's role and changes it as the worker, or acts for who has no tenant yet.
BESIDE = {
    "account-access-allow": {Role.WORKER},
    "account-data-erase": {Role.WORKER},
    "account-help": {Role.WORKER},
    "account-cancel": {Role.WORKER},
    "account-cancel-undo": {Role.WORKER},
    "personal-data": {Role.WORKER},
    "personal-data-erase": {Role.WORKER},
    "personal-data-export": {Role.WORKER},
    "account-access-end": {Role.WORKER},
    "account-backup": {Role.WORKER},
    "account-open": {Role.WORKER},
    "bank-account": {Role.WORKER},
    "customer-login": {Role.WORKER},
    "set_language": {Role.AUTH},
    "signup": {Role.WORKER},
    "signup-password": {Role.AUTH, Role.WORKER},
    "signup-progress": {Role.WORKER},
    "signup-return": {Role.WORKER},
    "support-end": {Role.WORKER},
    "support-enter": {Role.WORKER},
    **{f"{side}-join": {Role.WORKER} for side in ("team", "account-team")},
    **{
        f"{side}{act}": {Role.WORKER}
        for side in ("team", "account-team")
        for act in ("", "-seat", "-disable", "-enable", "-resend", "-withdraw")
    },
    **{f"{side}{act}": {Role.AUTH, Role.WORKER} for side in ("team", "account-team") for act in ("-leave", "-switch")},
}
ENTERED = re.compile(r"set_config\('role', '(portal_\w+)'")


def area_of(address: Address, user: User | None) -> Role:
    if address.is_admin:
        return Role.STAFF if user and user.is_staff else Role.AUTH
    return next((role for start, role in AREAS.items() if address.route.startswith(start)), Role.WEB)


@pytest.fixture
def marked(fresh_database: str, settings: Any) -> Marked:
    settings.STRIPE_RETRIES = 0
    return make_marked()


def entered(visitor: Visitor, method: str, path: str) -> set[str]:
    visitor.sign_in()
    with CaptureQueriesContext(connection) as captured:
        visitor.ask(method, path)
    return {role for query in captured.captured_queries for role in ENTERED.findall(query["sql"])}


@pytest.mark.parametrize("who", ["anonymous", "owner", "customer", "staff"] if long_share() else ["owner"])
def test_an_address_enters_the_role_of_its_area_alone(marked: Marked, who: str) -> None:
    cast = marked.cast
    user = {"owner": cast.iberia.owner, "customer": marked.neighbour, "staff": cast.staff}.get(who)
    visitor, values, wrong, met = Visitor(user), marked.values(), [], set[str]()
    for address in addresses():
        if address.is_admin and who != "staff":
            continue
        path, _ = values.paths(address)
        for method in ("GET",) if address.is_admin else ("GET", "POST"):
            roles = entered(visitor, method, path)
            met |= roles
            beyond = roles - {area_of(address, user)} - BESIDE.get(address.name, set())
            wrong += [f"{method} {address.route}: {role}" for role in sorted(beyond)]
    say(f"{who}: {visitor.requests} requests entered {', '.join(sorted(met))}; {len(wrong)} where not listed")
    assert not wrong, "\n".join(wrong)
