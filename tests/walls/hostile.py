"""A hundred and more values that nobody should type, and how many of them each field takes.

Every day each field takes three while the others are hostile too, and one while the others hold what a person may
type, so that validation does not stop before it. CI takes a tenth of all, ONDEMAND_LONG=1 all; 3 and 30 alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import cycle, islice
from random import Random
from typing import TypeVar
from urllib.parse import urlencode

from tests.conftest import long_share

Case = TypeVar("Case")

MARKUP = "<svq7"
TAG = f"{MARKUP} onload=alert(1)>"
ODD = [
    *("", " ", "\t", "\r\n", "\x00", "a\x00b", "\x1b[31m", "\x7f", "\ud800", "a\udfffb", "\ufeff", "\u2028", "\u200b"),
    *("\u202eabc", "\u05d0\u0627", "e\u0301" * 40, "\U0001f468\u200d\U0001f469\u200d\U0001f467", "ß", "İ", "ﬀ", "𝟙𝟚"),
    *("٣", "²", "Ⅷ", "１２", "\u00a0", "a" * 255, "a" * 256, "a" * 5_000, "a" * 1_048_576, "é" * 70_000, "\n" * 1_000),
]
NUMBERS = [
    *(
        "0",
        "-0",
        "-1",
        "1",
        "+1",
        " 1 ",
        "1_000",
        "01",
        "0x10",
        "1e9",
        "1e400",
        "NaN",
        "Infinity",
        "-inf",
        "1.5",
        "1,5",
    ),
    *(str(2**31 - 1), str(2**31), str(2**63 - 1), str(2**63), str(-(2**63) - 1), str(10**30), "9" * 400, "9" * 5_000),
]
DAYS = ["0000-00-00", "9999-12-31", "10000-01-01", "2026-02-30", "2026-13-01", "-1", "24:61", "2026-W01", "31/12/2026"]
FORMULAS = ["=1+1", "+1", "-1+1|cmd", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("http://x.example")', "=cmd|' /C calc'!A0"]
SQL = ["'", "''", '"', "';--", "' OR '1'='1", "1; SELECT pg_sleep(0)", "%", "_", "%%%", "\\", "$1", "{}", "%s", "%(x)s"]
TEMPLATES = ["{{ 7*7 }}", "{% debug %}", "{% load x %}", "${7*7}", "#{7}", "<%= 7 %>", "{0.__class__}", "__proto__"]
PATHS = ["../../etc/passwd", "..\\..\\x", "/", "//x.example", "///x.example", "file:///etc/passwd", "C:\\x", "a/b", "."]
LINKS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "http://",
    "http://[",
    "//",
    "http://x:99999",
]
MAILS = ["@", "a@", "@a", "a@b", "a b@c.example", "a@b.example\nBcc: x@y.example", "a@[127.0.0.1]", "é@é.example"]
JSON = [
    *("null", "false", "true", "[]", "{", "{}", '{"a": 1}', "[" * 50_000, '{"a":' * 50_000),
    "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
]
PASSKEYS = [  # as a browser's answer to the challenge, each broken elsewhere
    '{"id": "!", "rawId": "!", "type": "public-key", "response": {}}',
    '{"id": "AA", "rawId": "AA", "type": "x", "response": {"clientDataJSON": "e30", "attestationObject": "oA"}}',
    '{"id": "AA", "rawId": 7, "type": "public-key", "response": {"clientDataJSON": "AA", "attestationObject": "AA"}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "W10", "authenticatorData": "AA",'
    ' "signature": "AA", "userHandle": "YQBi"}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30", "userHandle": 7}}',
]
MARKED = [
    *(TAG, f'">{TAG}', f"'>{TAG}", f"</title>{TAG}", f"</script>{TAG}", f"</textarea>{TAG}", f"-->{TAG}", f"]]>{TAG}"),
    *(f"{MARKUP}/onload=alert(1)>", f"\x00{TAG}", f"javascript:{TAG}", f"//x.example/{TAG}", f"a@b.example{TAG}"),
]
VALUES = [*MARKED, *ODD, *NUMBERS, *DAYS, *FORMULAS, *SQL, *TEMPLATES, *PATHS, *LINKS, *MAILS, *JSON, *PASSKEYS]

# What stands where a number of a row is expected.
IDS = [
    *("", "NaN", "abc", "-1", "1.5", "٣", "a\x00b", "\ud800", str(2**63), "9" * 30, "9" * 5_000),
    *("1,2", "_5F", "None", TAG),
]
LOOKUPS = [
    *("__exact", "__in", "__isnull", "__gte", "__regex", "__year", "__id__exact", "__pk__in", "__x", "__"),
    "__contains",
]


def encoded(pairs: dict[str, str]) -> str:
    """As a form's body or a query; halves of surrogate pairs as the bytes that they would be."""
    return urlencode(pairs, errors="surrogatepass")


def together(names: Collection[str]) -> Iterator[dict[str, str]]:
    """Rounds in which each name has a value of its own; in all of them it takes them all."""
    count, many = len(VALUES), max(3, round(len(VALUES) * long_share()))
    for start in range(many):
        yield {name: VALUES[(start * count // many + 11 * place) % count] for place, name in enumerate(sorted(names))}


_turns = cycle(VALUES)


def alone() -> list[str]:
    """The next few, for one field."""
    return list(islice(_turns, max(1, round(30 * long_share()))))


def rounds(names: Collection[str]) -> Iterator[dict[str, str]]:
    """All hostile at once, then one field at a time."""
    yield from together(names)
    yield from ({name: value} for name in sorted(names) for value in alone())


def some_of(cases: list[Case], *, every_day: int) -> list[Case]:
    """Drawn with a fixed seed: ten times as many in CI, a hundred times with ONDEMAND_LONG=1."""
    many = max(every_day, round(every_day * 100 * long_share()))
    return cases if many >= len(cases) else Random(0).sample(cases, many)
