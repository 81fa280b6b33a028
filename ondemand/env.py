"""Settings from the environment: typed readers that stop the start with the name and the value of what is wrong.

The README's table of settings is checked against what is read here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class WrongSetting(SystemExit):
    """A setting that the process must not start with; exits with a sentence that names it."""

    def __init__(self, name: str, value: str, advice: str) -> None:
        shown = "…" if any(word in name for word in ("SECRET", "KEY", "PASSWORD")) else repr(value)
        super().__init__(f"{name}={shown}: {advice}")


@dataclass
class Env:
    """Reads settings and remembers which names were asked for."""

    values: Mapping[str, str] = field(default_factory=lambda: os.environ)
    asked: set[str] = field(default_factory=set)

    def text(self, name: str, default: str = "") -> str:
        self.asked.add(name)
        return self.values.get(name, "") or default

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise WrongSetting(name, value, f"choose one of {', '.join(choices)}")
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdecimal() or not low <= int(value) <= high:
            raise WrongSetting(name, value, f"a whole number from {low} to {high} is needed")
        return int(value)

    def flag(self, name: str, default: bool) -> bool:
        return self.choice(name, ("yes", "no"), "yes" if default else "no") == "yes"

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value and urlsplit(value).scheme not in schemes:
            raise WrongSetting(name, value, f"an address that begins with {' or '.join(s + ':' for s in schemes)}")
        return value.rstrip("/")

    def words(self, name: str, default: str = "") -> list[str]:
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def some_of(self, name: str, choices: tuple[str, ...], default: str) -> list[str]:
        chosen = self.words(name, default)
        if unknown := [word for word in chosen if word not in choices]:
            raise WrongSetting(name, ",".join(unknown), f"choose some of {', '.join(choices)}, separated by commas")
        return chosen

    def database(self, name: str, default: str = "") -> dict[str, Any]:
        """A PostgreSQL address as Django's settings; `host` in the query names a socket's folder."""
        url = self.text(name, default)
        parts = urlsplit(url)
        if parts.scheme not in ("postgresql", "postgres") or len(parts.path) < 2:
            raise WrongSetting(name, url, "an address like postgresql://user:password@host:5432/database is needed")
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or query.pop("user", "")),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.pop("host", parts.hostname or ""),
            "PORT": str(parts.port or query.pop("port", "")),
            "OPTIONS": query,
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "DISABLE_SERVER_SIDE_CURSORS": True,  # PgBouncer in transaction mode
        }
