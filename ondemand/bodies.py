"""JSON that others send: read without failing, and made of what the database can keep."""

from __future__ import annotations

import json
from typing import Any


def parsed(body: bytes | str) -> Any:
    """Raises ValueError for whatever is no JSON, text in no encoding and endless nesting among it."""
    try:
        return keepable(json.loads(body))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def keepable(value: Any) -> Any:
    """The same without NUL and halves of characters, which PostgreSQL refuses in text and in JSON."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode().replace("\x00", "?")
    if isinstance(value, dict):
        return {keepable(name): keepable(each) for name, each in value.items()}
    return [keepable(each) for each in value] if isinstance(value, list) else value
