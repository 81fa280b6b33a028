"""The forms of an instance's page: what was typed, and the sentence that says what is wrong with it."""

from dataclasses import dataclass

from ondemand.standins.erp.servers import Actor

LONGEST_NAME = 80
MOST_ACTORS = 500
MOST_MB = 100_000


@dataclass(frozen=True)
class Typed:
    """The field `name` as typed, and why it was not taken."""

    name: str
    value: str
    error: str


class Invalid(Exception):
    def __init__(self, typed: Typed) -> None:
        super().__init__(typed.error)
        self.typed = typed


def new_name(field: str, fields: dict[str, str], actors: list[Actor]) -> str:
    """The name of a new user or terminal; raises Invalid."""
    typed = fields.get(field, "")
    name = " ".join(typed.split())
    if not name or not name.isprintable():
        raise Invalid(Typed(field, typed, "Type a name."))
    if len(name) > LONGEST_NAME:
        raise Invalid(Typed(field, typed, f"Use {LONGEST_NAME} characters at the most; this name has {len(name)}."))
    if any(actor.name.casefold() == name.casefold() for actor in actors):
        raise Invalid(Typed(field, typed, f"There is one named {name} already."))
    if len(actors) >= MOST_ACTORS:
        raise Invalid(Typed(field, typed, f"There are {MOST_ACTORS} already, the most that fit here."))
    return name


def megabytes(fields: dict[str, str]) -> int:
    """How much the disk grows, in MB; raises Invalid."""
    typed = fields.get("megabytes", "")
    digits = typed.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and 1 <= int(digits) <= MOST_MB):
        raise Invalid(Typed("megabytes", typed, f"Type a whole number from 1 to {MOST_MB:,}."))
    return int(digits)
