"""What others send: not more than is wanted, read without failing, and made of what the database can keep."""

from __future__ import annotations

import json
import re
from typing import Any

from django.http import HttpRequest

REFUSED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")  # NUL, and halves of characters


def is_larger(request: HttpRequest, most: int) -> bool:
    """Than so many bytes, by what it says itself: asked before any of it is read."""
    return int(request.headers.get("Content-Length") or 0) > most


def parsed(body: bytes | str) -> Any:
    """Raises ValueError for whatever is no JSON, text in no encoding and endless nesting among it."""
    try:
        found = json.loads(body)
        return found if _is_plain(body) else keepable(found)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _is_plain(body: bytes | str) -> bool:
    """Whether nothing in it can stand for what the database refuses: so it is with nearly all, and quickly seen."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    return text.isascii() and not REFUSED.search(text)


def keepable(value: Any) -> Any:
    """The same without NUL and halves of characters, which PostgreSQL refuses in text and in JSON."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode().replace("\x00", "?")
    if isinstance(value, dict):
        return {keepable(name): keepable(each) for name, each in value.items()}
    return [keepable(each) for each in value] if isinstance(value, list) else value
