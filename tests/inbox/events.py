"""Events as Stripe would ring them, and what became of them here."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

import stripe
from django.test import Client

from ondemand import inbox
from ondemand.gateway.events import EventFacts
from ondemand.models import StripeEvent
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role

SECRET, CONNECT_SECRET = "whsec_test", "whsec_connect"
MAIN, CONNECT = "/webhooks/stripe/", "/webhooks/stripe/connect/"


def body_of(id: str = "evt_1", kind: str = "invoice", **changes: Any) -> str:
    event = {
        "id": id,
        "object": "event",
        "api_version": stripe.api_version,
        "type": f"{kind}.updated",
        "created": 1_790_000_000,
        "livemode": False,
        "data": {"object": {"id": f"{kind}_1", "object": kind}},
    }
    return json.dumps(event | changes)


def signature(body: str, secret: str, at: float) -> str:
    return f"t={int(at)},v1={stripe.WebhookSignature._compute_signature(f'{int(at)}.{body}', secret)}"


def ring(client: Client, body: str, *, to: str = MAIN, secret: str = SECRET, at: float | None = None) -> int:
    """The status of the answer. `at`: when it was signed, now unless given."""
    headers = {"Stripe-Signature": signature(body, secret, at or time.time())}
    return client.post(to, body, content_type="application/json", headers=headers).status_code


def store(id: str, object_id: str, *, now: datetime, kind: str = "invoice", account: str = "") -> None:
    """An event that waits for its object to be looked at."""
    facts = EventFacts(id, account, f"{kind}.updated", kind, object_id, now, False, {"id": id})
    with tenant(Scope(Role.MACHINE)):
        inbox.store(facts, wanted=True, now=now)


def event(id: str) -> StripeEvent:
    with as_worker():
        return StripeEvent.objects.get(pk=id)


def states() -> dict[str, str]:
    with as_worker():
        return dict(StripeEvent.objects.values_list("pk", "state"))
