"""Requests that our own machines sign: `t=<unix>,v1=<HMAC-SHA256 of "t.body">`, as Stripe does it."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

HEADER = "X-Ondemand-Signature"
FORM = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
TOLERANCE_SECONDS = 300


def sign(body: bytes, *, key: str, now: datetime) -> str:
    at = int(now.timestamp())
    return f"t={at},v1={_digest(body, key, at)}"


def is_signed(body: bytes, signature: str, *, key: str, now: datetime) -> bool:
    """Whether `key` signed the body within five minutes of `now`."""
    match = FORM.fullmatch(signature)
    if not match or not key:
        return False
    at = int(match[1])
    fresh = abs(int(now.timestamp()) - at) <= TOLERANCE_SECONDS
    return fresh and hmac.compare_digest(match[2], _digest(body, key, at))


def _digest(body: bytes, key: str, at: int) -> str:
    return hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
