"""The client: one a process, explicit time-outs, errors turned into ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from ondemand.clock import instant
from ondemand.gateway.errors import GatewayError, NotFound, NothingStored, Refused, TooMany, Unavailable
from ondemand.gateway.pace import PacedClient

CONNECT_SECONDS = 3


@lru_cache(maxsize=1)
def client() -> stripe.StripeClient:
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses={"api": settings.STRIPE_API_BASE},
        max_network_retries=settings.STRIPE_RETRIES,
        http_client=PacedClient(
            settings.STRIPE_CALLS_PER_SECOND, timeout=(CONNECT_SECONDS, settings.STRIPE_READ_SECONDS)
        ),
    )


@contextmanager
def stripe_call() -> Iterator[stripe.StripeClient]:
    """The client, with its errors raised as ours."""
    try:
        yield client()
    except stripe.StripeError as error:
        raise _ours(error) from error


def _ours(error: stripe.StripeError) -> GatewayError:
    message, code = error.user_message or str(error), error.code or ""
    status = error.http_status or 0
    if code == "resource_missing" and status == 404:
        return NotFound(message, code)
    if status == 429:
        return TooMany(message, code, wait=_seconds(error.headers))
    if status == 409 or isinstance(error, stripe.IdempotencyError):
        return NothingStored(message, code)
    if status == 0 or status >= 500:
        return Unavailable(message, code)
    if isinstance(error, stripe.InvalidRequestError) and code.startswith("parameter_"):
        return NothingStored(message, code)
    return Refused(message, code)


def _seconds(headers: Mapping[str, str] | None) -> int:
    asked = (headers or {}).get("Retry-After", "")
    return int(asked) if asked.isdecimal() and len(asked) < 6 else 0


def metadata_of(value: Any) -> dict[str, str]:
    """Our own notes on an object, as plain strings."""
    return {name: str(text) for name, text in value.to_dict().items()} if value else {}


def id_of(value: object) -> str:
    """The id of what Stripe shows as an id or, expanded, as the object; empty for null."""
    if value is None or isinstance(value, str):
        return value or ""
    return str(getattr(value, "id", ""))


def when(timestamp: int | None) -> datetime | None:
    """Stripe's seconds since 1970 as an instant; None for null."""
    return None if timestamp is None else instant(timestamp)
