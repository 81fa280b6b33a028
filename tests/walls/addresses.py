"""Every address of the product, from the URLconf, with a foreign and a missing value for each parameter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
NAMED = re.compile(r"\(\?P(<\w+>)")


@dataclass(frozen=True)
class Address:
    route: str
    name: str
    parameters: tuple[str, ...]

    @property
    def is_admin(self) -> bool:
        return self.route.startswith("admin/")

    def path(self, values: dict[str, str]) -> str:
        text = GROUP.sub(lambda found: values[found[1]], self.route)
        text = PARAMETER.sub(lambda found: values[found[1]], text)
        return "/" + text.replace("^", "").replace("$", "").replace("\\", "")


def addresses(resolver: URLResolver | None = None, before: str = "") -> Iterator[Address]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry, route)
        elif isinstance(entry, URLPattern):
            found = PARAMETER.findall(NAMED.sub(r"\1", route))
            yield Address(route, entry.name or "", tuple(found))


@dataclass(frozen=True)
class Values:
    """For each parameter of each route: the value of another tenant's row, and one of no row at all."""

    foreign: dict[tuple[str, str], str]
    missing: dict[str, str]

    def paths(self, address: Address) -> tuple[str, str]:
        """With the foreign values, and with the missing ones. An unlisted parameter is an error."""
        return (
            address.path({name: self._foreign(address, name) for name in address.parameters}),
            address.path({name: self._missing(name) for name in address.parameters}),
        )

    def _foreign(self, address: Address, name: str) -> str:
        for (start, parameter), value in self.foreign.items():
            if parameter == name and address.route.startswith(start):
                return value
        raise AssertionError(f"{address.route}: tests/walls/marked.py gives <{name}> no foreign value")

    def _missing(self, name: str) -> str:
        if name not in self.missing:
            raise AssertionError(f"tests/walls/marked.py gives <{name}> no missing value")
        return self.missing[name]
