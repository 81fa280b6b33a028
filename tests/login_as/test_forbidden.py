"""Within a customer's account a member looks: every other address × method is refused and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from customers import support
from customers.models import LoginToken
from ondemand.models import AuditEntry, User
from ondemand.scopes import SAFE, SUPPORT_COOKIE, SUPPORT_DOES, SUPPORT_READS
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from tests.conftest import in_ci
from tests.counts import say
from tests.factories import make_login, sign_in
from tests.login_as.world import World, inside
from tests.walls.addresses import Address
from tests.walls.marked import Marked, make_marked, rows_of
from tests.walls.test_matrix import FORM, asked

pytestmark = in_ci


@pytest.fixture
def marked(fresh_database: str, settings: Any) -> Marked:
    settings.STRIPE_RETRIES = 0
    return make_marked()


def owner_inside(marked: Marked) -> Client:
    """The partner's owner, who may do most, in the marked customer's account."""
    owner, now = marked.cast.iberia.owner, marked.cast.now
    with as_worker():
        support.end([marked.login], by=owner, ending=LoginToken.Ending.MEMBER, now=now)
    browser = sign_in(owner)
    browser.cookies[SUPPORT_COOKIE] = make_login(customer=marked.customer, by=owner, now=now).session
    browser.raise_request_exception = False
    return browser


def may(address: Address, method: str) -> bool:
    """By the lists; and reading what is neither an account's page nor the admin's."""
    if address.name in SUPPORT_DOES:
        return True
    closed = address.route.startswith(("account/", "accounts/", "admin/"))
    return method in SAFE and (address.name in SUPPORT_READS or not closed)


def people() -> list[Any]:
    """Passwords, e-mail addresses, second factors."""
    with tenant(Scope(Role.AUTH)):
        return [list(kind.objects.order_by("pk").values()) for kind in (User, EmailAddress, Authenticator)]


def written_since(last: AuditEntry) -> list[tuple[str, str, int | None, int | None]]:
    """Who acted, who was meant, for whom."""
    with as_worker():
        entries = list(AuditEntry.objects.filter(pk__gt=last.pk))
    return [(entry.actor, entry.detail["member"], entry.partner_id, entry.customer_id) for entry in entries]


def test_everything_that_is_not_listed_is_refused(marked: Marked, fresh_database: str) -> None:
    browser, values, allowed = owner_inside(marked), marked.values(), []
    before, known = rows_of(marked.cast.iberia.partner, fresh_database), people()
    with as_worker():
        last = AuditEntry.objects.latest("pk")
    forbidden = [each for each in asked() if not may(*each)]
    for address, method in forbidden:
        path, _ = values.paths(address)
        answer = browser.generic(method, path, "", FORM)
        if answer.status_code != 403:
            allowed.append(f"{method} {path}: {answer.status_code}")
    after = rows_of(marked.cast.iberia.partner, fresh_database)
    changed = {table for table in before if before[table] != after[table]}
    say(f"login as: {len(forbidden)} routes × methods, {len(forbidden) - len(allowed)} refused, {changed=}")
    assert not allowed, "\n".join(allowed)
    assert changed == {"ondemand_auditentry"}  # what was tried
    assert people() == known
    owner, customer = marked.cast.iberia.owner.email, marked.customer
    deeds = [method for _, method in forbidden if method not in SAFE]
    assert written_since(last) == [(owner, owner, customer.partner_id, customer.pk)] * len(deeds)
    assert browser.get("/account/").status_code == 200


@pytest.mark.parametrize("path", ["/account/anything/", "/accounts/anything/"])
def test_an_address_that_is_none_is_refused_as_well(world: World, path: str) -> None:
    browser = inside(world)
    assert [browser.get(path).status_code, browser.post(path).status_code] == [403, 403]


def test_the_refusal_says_what_to_do_and_keeps_the_banner(world: World) -> None:
    page = inside(world).post("/account/card/").content.decode()
    assert "stay with the customer" in page
    assert "You are in the account of" in page
    assert 'action="/account/support/end/"' in page
