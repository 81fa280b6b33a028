"""A hundred and more values that nobody should type, and the forms of a page that take them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

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
JSON = ["null", "[]", "{", '{"a": 1}', "true", "[" * 2_000, "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a/>"]
MARKED = [
    *(TAG, f'">{TAG}', f"'>{TAG}", f"</title>{TAG}", f"</script>{TAG}", f"</textarea>{TAG}", f"-->{TAG}", f"]]>{TAG}"),
    *(f"{MARKUP}/onload=alert(1)>", f"\x00{TAG}", f"javascript:{TAG}", f"//x.example/{TAG}", f"a@b.example{TAG}"),
]
VALUES = [*MARKED, *ODD, *NUMBERS, *DAYS, *FORMULAS, *SQL, *TEMPLATES, *PATHS, *LINKS, *MAILS, *JSON]


def encoded(pairs: dict[str, str]) -> str:
    """As a form's body or a query; halves of surrogate pairs as the bytes that they would be."""
    return urlencode(pairs, errors="surrogatepass")


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page with the values that they hold."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.found, self._select = path, list[Form](), ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action") or self.path, given.get("method", "get").upper()))
        elif not self.found:
            return
        elif tag in ("input", "textarea", "button", "select") and given.get("name"):
            self.found[-1].fields.setdefault(given["name"], given.get("value", ""))
            self._select = given["name"] if tag == "select" else ""
        elif tag == "option" and self._select and not self.found[-1].fields[self._select]:
            self.found[-1].fields[self._select] = given.get("value", "")


def forms_of(path: str, text: str) -> list[Form]:
    parser = Forms(path)
    parser.feed(text)
    return parser.found
