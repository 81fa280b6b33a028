"""Who may ring, and what is kept of it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client

from ondemand.models import StripeEvent
from tests.inbox.events import CONNECT, CONNECT_SECRET, MAIN, SECRET, body_of, event, ring, signature, states

pytestmark = pytest.mark.django_db
MINUTES = 60
PARTNERS = {"account": "acct_partner"}


@pytest.fixture(autouse=True)
def stripes_secrets(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]
    settings.STRIPE_CONNECT_WEBHOOK_SECRETS = [CONNECT_SECRET]


@pytest.mark.parametrize("secret", ["whsec_new", SECRET])
def test_during_a_rotation_both_secrets_are_good(client: Client, secret: str) -> None:
    assert ring(client, body_of(), secret=secret) == 200
    assert states() == {"evt_1": "waiting"}


@pytest.mark.parametrize("secret", ["whsec_older", CONNECT_SECRET, ""])
def test_another_secret_is_not(client: Client, secret: str) -> None:
    assert (ring(client, body_of(), secret=secret), states()) == (400, {})


def test_what_was_signed_long_ago_is_refused(client: Client) -> None:
    assert (ring(client, body_of(), at=time.time() - 6 * MINUTES), states()) == (400, {})
    assert ring(client, body_of(), at=time.time() - 4 * MINUTES) == 200


@pytest.mark.parametrize("header", ["", "t=1", "v1=00", "t=x,v1=y", "t=1,v1=", "\u00e4", "t=1,v1=" + "0" * 64])
def test_a_signature_that_is_none_is_400(client: Client, header: str) -> None:
    answer = client.post(MAIN, body_of(), content_type="application/json", headers={"Stripe-Signature": header})
    assert (answer.status_code, states()) == (400, {})


def test_a_body_that_broke_off_is_400(client: Client) -> None:
    whole = body_of()
    headers = {"Stripe-Signature": signature(whole, SECRET, time.time())}
    answer = client.post(MAIN, whole[:-9], content_type="application/json", headers=headers)
    assert (answer.status_code, states()) == (400, {})


def test_a_body_larger_than_any_event_is_413_whoever_signed_it(client: Client) -> None:
    enormous = body_of(note="x" * 1_000_000)
    assert (ring(client, enormous), states()) == (413, {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "e" * 256},
        {"id": 7},
        {"id": None},
        {"type": ["invoice.paid"]},
        {"type": "t" * 101},
        {"created": 10**30},
        {"created": "yesterday"},
        {"created": None},
        {"account": {"id": "acct_1"}},
        {"data": {}},
        {"data": []},
        {"data": {"object": []}},
        {"data": {"object": {"object": "o" * 61, "id": "in_1"}}},
        {"data": {"object": {"object": {}, "id": "in_1"}}},
        {"data": {"object": {"object": "invoice", "id": 10**30}}},
    ],
)
def test_signed_nonsense_is_400(client: Client, wrong: dict[str, Any]) -> None:
    assert (ring(client, body_of(**wrong)), states()) == (400, {})


def test_an_event_of_a_partners_account_is_not_for_our_own_address(client: Client) -> None:
    """Stripe names the account only in events of others' (Connect webhooks)."""
    assert (ring(client, body_of(**PARTNERS)), states()) == (400, {})


def test_an_event_of_our_own_account_is_not_for_the_partners_address(client: Client) -> None:
    assert (ring(client, body_of(kind="account"), to=CONNECT, secret=CONNECT_SECRET), states()) == (400, {})
    assert ring(client, body_of(kind="account", **PARTNERS), to=CONNECT, secret=CONNECT_SECRET) == 200
    assert event("evt_1").account == "acct_partner"


def test_a_partners_own_invoices_are_none_of_ours(client: Client) -> None:
    assert ring(client, body_of(kind="invoice", **PARTNERS), to=CONNECT, secret=CONNECT_SECRET) == 200
    assert states() == {"evt_1": StripeEvent.State.IGNORED}


def test_an_event_of_another_api_version_is_a_doorbell_like_any(client: Client) -> None:
    assert ring(client, body_of(api_version="2019-05-16")) == 200
    assert states() == {"evt_1": StripeEvent.State.WAITING}


def test_a_doubled_event_is_kept_once_as_it_came_first(client: Client) -> None:
    assert [ring(client, body_of(note=note)) for note in ("first", "second")] == [200, 200]
    assert event("evt_1").payload["note"] == "first"


@pytest.mark.parametrize("address", [MAIN, CONNECT])
def test_without_a_secret_nobody_may_ring(client: Client, settings: Any, address: str) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = settings.STRIPE_CONNECT_WEBHOOK_SECRETS = []
    assert (ring(client, body_of(), to=address, secret=""), states()) == (400, {})
