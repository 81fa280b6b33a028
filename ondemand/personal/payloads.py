"""What is left of a stored event when its customer is erased: ids, amounts, states and times."""

from __future__ import annotations

import re
from typing import Any

KEPT = frozenset(
    {"id", "object", "type", "status", "currency", "mode", "billing_reason", "collection_method", "api_version"}
)
# Stripe's ids: a kind of at most five letters, perhaps the mode, and letters and digits drawn at random.
STRIPE_ID = re.compile(r"[a-z]{2,5}_(?:test_|live_)?[A-Za-z0-9]{8,}")
WORD = re.compile(r"[A-Za-z0-9_.\-]{1,100}")
# An object with these was made up by people: whatever it holds goes.
THEIRS = frozenset(
    {"metadata", "address", "billing_details", "shipping", "custom_fields", "custom_text", "fraud_details"}
)


def reduced(payload: Any, key: str = "") -> Any:
    """The same shape without the texts; nothing that names or reaches a person is left."""
    if isinstance(payload, dict):
        if key in THEIRS:
            return {}
        return {name: reduced(value, name) for name, value in payload.items()}
    if isinstance(payload, list):
        return [reduced(value, key) for value in payload]
    if isinstance(payload, str):
        return payload if _is_harmless(payload, key) else ""
    return payload


def _is_harmless(text: str, key: str) -> bool:
    return bool(STRIPE_ID.fullmatch(text)) or (key in KEPT and bool(WORD.fullmatch(text)))
