"""The forms of a page as a person meets them: what each field holds, and what somebody may type there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

# What a refused form shows again; browsers and servers forget passwords on purpose.
WORDS = frozenset({"text", "email", "url", "tel", "number", "search", "date", "textarea"})
TYPED = WORDS | {"select", "radio", "checkbox"}
PATTERN = "__prefix__"  # of a row that Django's admin makes by script
BUTTONS = {"submit", "button", "image"}
SAMPLES = {
    "email": "kept@example.test",
    "url": "https://kept.example",
    "password": "a-good-long-passphrase",
    "text": "kept-words",
    "textarea": "kept-words",
}


@dataclass
class Field:
    """`value` is what a browser would send now, "" for a box that is not ticked; `options` are a choice's values."""

    kind: str
    value: str = ""
    trap: bool = False
    options: list[str] = field(default_factory=list)

    @property
    def sample(self) -> str:
        """What a person may enter: another choice than the first, words where there are none."""
        if self.options:
            return self.options[-1]
        if self.trap:
            return self.value
        return self.value or SAMPLES.get(self.kind, "")


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)

    def filled(self) -> dict[str, str]:
        """Of several buttons a browser sends one."""
        buttons = [name for name, each in self.fields.items() if each.kind in BUTTONS]
        return {name: each.sample for name, each in self.fields.items() if name not in buttons[1:]}

    def is_like(self, other: Form) -> bool:
        return self.action == other.action and self.fields.keys() >= other.typed(other.filled()).keys()

    def typed(self, values: dict[str, str], kinds: frozenset[str] = TYPED) -> dict[str, str]:
        """Of these, what a person typed or chose."""
        mine = {name for name, each in self.fields.items() if each.kind in kinds and not each.trap}
        return {name: value for name, value in values.items() if name in mine and value}

    def lost(self, typed: dict[str, str]) -> Iterator[str]:
        """The fields of this form, shown again, in which what was typed is missing."""
        for name, value in typed.items():
            if name not in self.fields or not _same(self.fields[name], value):
                yield name


def _same(shown: Field, typed: str) -> bool:
    if shown.kind in ("select", "radio", "checkbox"):
        return typed not in shown.options or shown.value == typed
    return _plain(shown.value) == _plain(typed)


def _plain(text: str) -> list[str]:
    """Its words, less what HTML cannot carry."""
    return text.encode(errors="surrogatepass").decode(errors="replace").replace("\x00", "").split()


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.found = path, list[Form]()
        self.select: Field | None = None
        self.area: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action") or self.path, given.get("method", "get").upper()))
        elif tag == "option" and self.select:
            self._choose(self.select, given.get("value", ""), "selected" in given or not self.select.options)
        elif self.found and given.get("name") and "disabled" not in given and PATTERN not in given["name"]:
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text") if tag == "input" else tag
        fields, trap = self.found[-1].fields, given.get("tabindex") == "-1"
        if kind in ("radio", "checkbox"):
            box = fields.setdefault(given["name"], Field(kind))
            self._choose(box, given.get("value", "on"), "checked" in given)
        elif tag in ("input", "button", "select", "textarea"):
            fields[given["name"]] = made = Field(kind, given.get("value", ""), trap=trap)
            self.select = made if tag == "select" else None
            self.area = made if tag == "textarea" else None

    def _choose(self, choice: Field, value: str, chosen: bool) -> None:
        choice.options.append(value)
        choice.value = value if chosen else choice.value

    def handle_data(self, data: str) -> None:
        if self.area:
            self.area.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = None
        elif tag == "select":
            self.select = None


def forms_of(path: str, text: str) -> list[Form]:
    reader = _Reader(path)
    reader.feed(text)
    reader.close()
    return reader.found
