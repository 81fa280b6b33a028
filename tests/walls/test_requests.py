"""What the middleware opens, rolls back and leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client

from ondemand import clock
from ondemand.dashboard import Dashboard
from ondemand.models import AuditEntry
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from signup.models import SignUp
from tests import factories
from tests.factories import House, sign_in

View = Callable[[HttpRequest], HttpResponse]


def note(request: Any) -> None:
    AuditEntry.objects.create(
        at=clock.now(), actor="x", verb="noted", partner_id=request.tenancy.partner_id, for_partner=True
    )


def fine(request: HttpRequest) -> HttpResponse:
    note(request)
    return HttpResponse()


def not_found(request: HttpRequest) -> HttpResponse:
    note(request)
    raise Http404


def server_error(request: HttpRequest) -> HttpResponse:
    note(request)
    return HttpResponse(status=500)


def bug(request: HttpRequest) -> HttpResponse:
    note(request)
    raise ZeroDivisionError


@pytest.mark.django_db
@pytest.mark.parametrize(("view", "kept"), [(fine, 1), (not_found, 0), (server_error, 0), (bug, 0)])
def test_what_a_failing_view_wrote_is_gone(monkeypatch: pytest.MonkeyPatch, view: View, kept: int) -> None:
    browser = sign_in(factories.make_cast(now=clock.now()).iberia.owner)
    browser.raise_request_exception = False
    monkeypatch.setattr(Dashboard, "get", lambda self, request: view(request))
    browser.get("/dashboard/")
    with as_worker():
        assert AuditEntry.objects.filter(verb="noted").count() == kept


@pytest.mark.django_db
def test_a_stream_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = sign_in(factories.make_cast(now=clock.now()).iberia.owner)
    monkeypatch.setattr(Dashboard, "get", lambda self, request: StreamingHttpResponse(iter([b"row"])))
    with pytest.raises(RuntimeError, match="write a file first"):
        browser.get("/dashboard/")


def test_after_commit_code_is_nobody(fresh_database: str) -> None:
    seen: list[str] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            seen.extend(cursor.fetchone() or ())

    with as_worker():
        transaction.on_commit(look)
    assert seen == ["portal_app"]


def test_stripe_is_called_in_no_transaction(
    fresh_database: str, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way back from the card; nobody answers at Stripe's address in tests."""
    settings.STRIPE_RETRIES = 0
    signup = signup_at_checkout()
    seen: list[bool] = []
    send = requests.adapters.HTTPAdapter.send

    def look(*given: Any, **named: Any) -> requests.Response:
        seen.append(connection.in_atomic_block)
        return send(*given, **named)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", look)
    assert client.get(f"/signup/return/{signup.public_id}/").status_code == 302
    assert seen == [False]


def signup_at_checkout() -> SignUp:
    cast = factories.make_cast(now=clock.now())
    with as_worker():
        return SignUp.objects.create(
            partner=cast.iberia.partner,
            campaign=cast.iberia.campaign,
            plan=cast.plan,
            state=SignUp.State.CHECKOUT,
            session_id="cs_1",
            username="central",
            created_at=cast.now,
            attempted_at=cast.now,
            terms_accepted_at=cast.now,
            expires_at=cast.now,
            next_try_at=cast.now,
        )


def test_two_tenants_at_once_see_their_own(fresh_database: str) -> None:
    cast = factories.make_cast(now=clock.now())
    houses = cast.iberia, cast.nordic
    for house in houses:
        factories.make_customer(house=house, plan=cast.plan, now=cast.now, name=f"Of {house.partner.code}")

    def wrong(house: House, other: House) -> int:
        browser = sign_in(house.owner)
        try:
            pages = [browser.get("/customers/").content.decode() for _ in range(10)]
        finally:
            connection.close()
        return sum(f"Of {house.partner.code}" not in page or f"Of {other.partner.code}" in page for page in pages)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(wrong, houses, reversed(houses))) == [0, 0]


def test_the_cache_outlives_a_rollback(database_cache: None) -> None:
    with pytest.raises(ZeroDivisionError), tenant(Scope(Role.STAFF)):
        cache.set("attempts", 1)
        raise ZeroDivisionError
    assert cache.get("attempts") == 1


def test_sign_ins_are_limited_by_the_database(database_cache: None, client: Client) -> None:
    owner = factories.make_cast(now=clock.now()).iberia.owner
    wrong = {"login": owner.email, "password": "no"}
    for _ in range(5):
        client.post("/accounts/login/", wrong)
    assert client.post("/accounts/login/", wrong).status_code == 429
