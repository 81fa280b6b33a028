"""What Stripe rings about: signed webhooks, the list of events, our endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import stripe

from ondemand.bodies import keepable, parsed
from ondemand.clock import instant
from ondemand.gateway.client import stripe_call
from ondemand.gateway.errors import WrongSignature

NO_EVENT = (
    stripe.SignatureVerificationError,
    *(ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError),  # of what is signed, and no event
)


@dataclass(frozen=True)
class EventFacts:
    id: str
    account: str
    type: str
    object_kind: str
    object_id: str
    created: datetime
    livemode: bool
    payload: dict[str, Any]


def verified(body: bytes, signature: str, secrets: list[str]) -> EventFacts:
    """The event of a webhook. Raises WrongSignature unless one of `secrets` signed it within five minutes."""
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(body.decode(), signature, secret, 300)
            return event_of(parsed(body))
        except NO_EVENT:
            continue
    raise WrongSignature


def event_of(event: dict[str, Any]) -> EventFacts:
    """Of which API version it is does not matter: what it is about is fetched again. Raises one of NO_EVENT."""
    about = event["data"]["object"]
    return EventFacts(
        id=_text(event["id"]),
        account=_text(event.get("account") or ""),
        type=_text(event["type"], most=100),
        object_kind=_text(about.get("object", ""), most=60),
        object_id=_text(about.get("id") or ""),
        created=instant(event["created"]),
        livemode=event["livemode"],
        payload=event,
    )


def _text(value: Any, *, most: int = 255) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"no text of at most {most} characters")
    return value


def events_since(since: datetime) -> Iterator[EventFacts]:
    """All events created at or after an instant, newest first; Stripe keeps them for 30 days.

    Read as plain JSON: the library's objects would cost ten times as much, and only be written out again.
    """
    params: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": 100}
    while True:
        with stripe_call() as client:
            page = cast(dict[str, Any], client.raw_request("get", "/v1/events", **params).data)
        yield from map(event_of, keepable(page["data"]))
        if not page["has_more"]:
            return
        params["starting_after"] = page["data"][-1]["id"]


def ensure_endpoint(*, url: str, connect: bool) -> str:
    """Register `url` anew and return its signing secret, which Stripe shows only then. Others of that address go."""
    with stripe_call() as client:
        for known in client.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter():
            if known.url == url:
                client.v1.webhook_endpoints.delete(known.id)
        params: stripe.params.WebhookEndpointCreateParams = {
            "url": url,
            "enabled_events": ["*"],
            "api_version": stripe.api_version,  # type: ignore[typeddict-item]  # the library's own
        }
        if connect:
            params["connect"] = True
        secret = client.v1.webhook_endpoints.create(params).secret
    if not secret:
        raise RuntimeError("Stripe returned no signing secret")
    return secret
