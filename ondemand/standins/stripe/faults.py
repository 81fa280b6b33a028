"""Faults on request: the next requests that match fail in a chosen way."""

from __future__ import annotations

import threading
from fnmatch import fnmatchcase
from typing import Any

from ondemand.standins.stripe.errors import StripeError, invalid
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.store import Store

KINDS = ("timeout_before", "timeout_after", "402", "429", "500", "500_after", "half", "slow", "slow_after", "hang")
SECONDS = {"slow": 3.0, "slow_after": 3.0, "timeout_before": 60.0, "timeout_after": 60.0, "hang": 3600.0}
FAULTS: list[Object] = []
LOCK = threading.Lock()


def add(store: Store, headers: Any, given: Object) -> Object:
    """{"match": "POST /v1/transfers" (with * and ?), "fault", "times", "seconds"}; with a Bearer key for it alone.

    half: the answer breaks off. 429 with seconds says so long in Retry-After.
    """
    fault = str(given.get("fault"))
    if fault not in KINDS:
        raise invalid(f"fault must be one of {', '.join(KINDS)}.", "fault")
    made = {
        "match": str(given.get("match", "* *")), "fault": fault, "times": int(given.get("times", 1)),
        "seconds": float(given.get("seconds", SECONDS.get(fault, 0.0))), "key": _key(headers),
    }  # fmt: skip
    with LOCK:
        FAULTS.append(made)
    return listed(store, headers, given)


def listed(store: Store, headers: Any, given: Object) -> Object:
    with LOCK:
        return {"faults": [{n: v for n, v in fault.items() if n != "key"} for fault in FAULTS]}


def clear(store: Store, headers: Any, given: Object) -> Object:
    with LOCK:
        FAULTS.clear()
    return {"faults": []}


def _key(headers: Any) -> str:
    return str(headers.get("Authorization", "")).partition(" ")[2]


def take(method: str, path: str, headers: Any) -> Object | None:
    """The fault for this request, used up once."""
    asked, key = f"{method} {path}", _key(headers)
    with LOCK:
        for fault in FAULTS:
            if fault["key"] in ("", key) and fnmatchcase(asked, fault["match"]):
                fault["times"] -= 1
                if fault["times"] <= 0:
                    FAULTS.remove(fault)
                return fault
    return None


ERRORS = {
    "402": StripeError(402, "Your card was declined.", kind="card_error", code="card_declined",
                       decline_code="generic_decline"),
    "429": StripeError(429, "Too many requests hit the API too quickly. We recommend an exponential backoff of your "
                            "requests.", code="rate_limit"),
    "500": StripeError(500, "An unknown error occurred", kind="api_error"),
    "500_after": StripeError(500, "An unknown error occurred", kind="api_error"),
}  # fmt: skip
