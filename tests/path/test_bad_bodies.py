"""What machines send that is not as it must be: webhooks and heartbeats."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import stripe
from django.test import Client

from instances.models import Instance, UsageCycle, UsageReading
from ondemand import clock, signing
from ondemand.models import StripeEvent
from ondemand.tenancy.context import as_worker
from tests import factories

pytestmark = pytest.mark.django_db
SECRET = "whsec_test"
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "invoice.paid",
    "created": 1_790_000_000,
    "livemode": False,
    "data": {"object": {"id": "in_1", "object": "invoice"}},
}


@pytest.fixture(autouse=True)
def stripes_secret(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]


def ring(client: Client, body: str, secret: str = SECRET) -> int:
    at = int(time.time())
    signed = stripe.WebhookSignature._compute_signature(f"{at}.{body}", secret)
    headers = {"Stripe-Signature": f"t={at},v1={signed}"}
    return client.post("/webhooks/stripe/", body, content_type="application/json", headers=headers).status_code


def stored() -> int:
    with as_worker():
        return StripeEvent.objects.count()


def test_a_webhook_with_a_bad_signature_is_not_stored(client: Client) -> None:
    assert (ring(client, json.dumps(EVENT), "whsec_other"), stored()) == (400, 0)
    assert client.post("/webhooks/stripe/", EVENT, content_type="application/json").status_code == 400
    assert stored() == 0


def test_a_webhook_that_comes_twice_is_stored_once(client: Client) -> None:
    assert [ring(client, json.dumps(EVENT)) for _ in range(2)] == [200, 200]
    assert stored() == 1


def test_an_event_of_an_unknown_type_is_stored_and_wakes_nobody(client: Client) -> None:
    unknown = EVENT | {"type": "moon.risen", "data": {"object": {"id": "moon_1", "object": "moon"}}}
    assert ring(client, json.dumps(unknown)) == 200
    with as_worker():
        assert StripeEvent.objects.get().state == StripeEvent.State.IGNORED


def test_a_live_event_is_not_for_a_test_account(client: Client) -> None:
    assert (ring(client, json.dumps(EVENT | {"livemode": True})), stored()) == (400, 0)


@pytest.mark.parametrize("body", ["", "no json", "[]", "{}", "[" * 100_000, '{"id": "evt_1", "data": null}'])
def test_a_signed_body_that_is_no_event_is_400(client: Client, body: str) -> None:
    assert (ring(client, body), stored()) == (400, 0)


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800"])
def test_an_event_with_a_character_that_the_database_cannot_keep_is_stored(client: Client, escape: str) -> None:
    body = json.dumps(EVENT | {"note": "x"}).replace('"x"', f'"a{escape}b"')
    assert (ring(client, body), stored()) == (200, 1)


@pytest.fixture
def instance() -> Instance:
    cast = factories.make_cast(now=clock.now())
    return factories.make_instance(
        customer=factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now), now=cast.now
    )


def beat(client: Client, instance: Instance, body: str | bytes, key: str = "secret") -> Any:
    sent = body.encode() if isinstance(body, str) else body
    headers = {
        "X-Ondemand-Instance": str(instance.public_id),
        signing.HEADER: signing.sign(sent, key=key, now=clock.now()),
    }
    return client.post("/api/instances/heartbeat/", sent, content_type="application/json", headers=headers)


def readings(*given: object, **more: object) -> str:
    return json.dumps({"version": "26.4", "readings": given} | more)


def reading(**changes: object) -> dict[str, object]:
    day = clock.usage_day(clock.now()).isoformat()
    return {"day": day, "named_users": 5, "pos_terminals": 1, "disk_mb": 100} | changes


def kept() -> list[int]:
    with as_worker():
        return list(UsageReading.objects.values_list("users", flat=True))


def test_a_heartbeat_with_a_wrong_key_is_refused(client: Client, instance: Instance) -> None:
    assert beat(client, instance, readings(reading()), key="wrong").status_code == 401
    assert kept() == []


def test_a_heartbeat_of_nobody_is_refused(client: Client, instance: Instance) -> None:
    url, body = "/api/instances/heartbeat/", readings(reading())
    for name in ("", "no uuid", "\u00e4", "22222222-2222-4222-8222-222222222222"):
        headers = {"X-Ondemand-Instance": name, signing.HEADER: "t=1,v1=" + "0" * 64}
        assert client.post(url, body, content_type="application/json", headers=headers).status_code == 401
    assert kept() == []


@pytest.mark.parametrize(
    "absurd",
    [
        {"named_users": -1},
        {"named_users": 10**30},
        {"named_users": True},
        {"named_users": 1.5},
        {"named_users": "7"},
        {"named_users": None},
        {"disk_mb": 10**9},
        {"day": "2999-01-01"},
        {"day": "1999-01-01"},
        {"day": "yesterday"},
        {"day": 7},
    ],
)
def test_an_absurd_reading_is_refused_alone(client: Client, instance: Instance, absurd: dict[str, object]) -> None:
    answer = beat(client, instance, readings(reading(**absurd), reading()))
    assert (answer.status_code, answer.json()["accepted"], len(answer.json()["refused"])) == (200, 1, 1)
    assert kept() == [5]


def test_a_reading_that_is_none_is_refused_alone(client: Client, instance: Instance) -> None:
    answer = beat(client, instance, readings(None, [], "x", {}, 7, reading()))
    assert (answer.json()["accepted"], len(answer.json()["refused"])) == (1, 5)


def test_a_replayed_heartbeat_changes_nothing(client: Client, instance: Instance) -> None:
    def peaks() -> list[tuple[str, int, int]]:
        with as_worker():
            return sorted(UsageCycle.objects.values_list("meter", "peak", "billable"))

    assert beat(client, instance, readings(reading(named_users=9))).status_code == 200
    before = peaks()
    assert beat(client, instance, readings(reading(named_users=9))).status_code == 200
    assert (kept(), peaks()) == ([9], before)


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"readings": 7}', b"[" * 100_000, b"\xff\xfe", b"9" * 9000])
def test_a_heartbeat_that_is_no_heartbeat_is_400(client: Client, instance: Instance, body: bytes) -> None:
    assert beat(client, instance, body).status_code == 400


@pytest.mark.parametrize("version", ["a\x00b", "\ud800", "v" * 1000, 7, None, {}])
def test_a_version_of_any_kind_is_no_failure(client: Client, instance: Instance, version: object) -> None:
    assert beat(client, instance, readings(reading(), version=version)).status_code == 200
    assert kept() == [5]


def test_a_heartbeat_that_is_too_large_is_413(client: Client, instance: Instance) -> None:
    assert beat(client, instance, readings(*[reading()] * 5000)).status_code == 413
