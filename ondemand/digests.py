"""What is kept of a secret that was handed out, and of a name that nobody gets again."""

from __future__ import annotations

import hashlib


def digest(secret: str) -> str:
    """SHA-256, in hexadecimal. Whatever was typed has one: what UTF-8 cannot write counts as a question mark."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
