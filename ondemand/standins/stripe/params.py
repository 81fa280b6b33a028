"""Requests: form encoding, then every parameter checked against the library's own TypedDict."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_origin
from urllib.parse import parse_qsl

import typing_extensions as te

from ondemand.standins.stripe import library
from ondemand.standins.stripe.errors import invalid, missing

CURRENCIES = frozenset(
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf "
    "clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk htg huf "
    "idr ils inr isk jmd jpy kes kgs khr kmf krw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr "
    "mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd "
    "shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw "
    "bhd jod kwd omr tnd".split()
)
BOOLEANS = {"true": True, "false": False}
LARGEST = 99_999_999_999  # an amount has fewer digits, a moment no more
LENGTHS = {"client_reference_id": 200, "lookup_key": 200, "email": 512, "phone": 20, "statement_descriptor": 22}
LENGTH = 5000


class Params(dict[str, Any]):
    """The checked parameters; remembers what a handler read, so that nothing is accepted in silence."""

    def __init__(self, values: dict[str, Any], at: str = "") -> None:
        super().__init__(values)
        self.at, self.used = at, set[str]()

    def __getitem__(self, name: str) -> Any:
        self.used.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.used.add(name)
        return super().get(name, default)

    def need(self, name: str) -> Any:
        """What the library calls optional, since Stripe takes an alternative that is not done here."""
        if not self.get(name):
            raise missing(spell(self.at, name))
        return self[name]

    def plain(self, name: str) -> Any:
        """A whole nested parameter as plain values, '' as null."""
        return _plain(self.get(name))

    def unused(self) -> Iterator[str]:
        for name, value in self.items():
            if name not in self.used:
                yield spell(self.at, name)
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, Params):
                    yield from part.unused()


def _plain(value: Any) -> Any:
    if isinstance(value, Params):
        return {name: _plain(value[name]) for name in value}
    return [_plain(v) for v in value] if isinstance(value, list) else None if value == "" else value


def decode(form: str) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for key, value in parse_qsl(form, keep_blank_values=True):
        names = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", key)
        if not names:
            raise invalid("Invalid request: a parameter has no name.")
        into = root
        for name in names[:-1]:
            into = into.setdefault(name or str(len(into)), {})
            if not isinstance(into, dict):
                raise invalid("Invalid object", names[0])
        into[names[-1] or str(len(into))] = value
    return root


def spell(at: str, name: str) -> str:
    return f"{at}[{name}]" if at else name


def check(raw: dict[str, Any], cls: type | None, at: str = "", *, update: bool = False) -> Params:
    known = library.fields(cls) if cls else {}
    if unknown := [name for name in raw if name not in known]:
        raise invalid(
            _unknown([spell(at, n) for n in unknown], known, unknown[0]),
            spell(at, unknown[0]),
            "parameter_unknown",
        )
    for name, field in known.items():
        if field.required and name not in raw:
            raise missing(spell(at, name))
    return Params({n: _convert(v, known[n].types, spell(at, n), update) for n, v in raw.items()}, at)


def _unknown(spelt: list[str], known: dict[str, Any], first: str) -> str:
    close = difflib.get_close_matches(first, known, 1) if len(spelt) == 1 else []
    hint = f". Did you mean {spelt[0].replace(first, close[0])}?" if close else ""
    return f"Received unknown parameter{'s' * (len(spelt) > 1)}: {', '.join(spelt)}{hint}"


def _convert(value: Any, types: tuple[Any, ...], at: str, update: bool) -> Any:
    allowed = library.choices(types)
    if value == "":
        if "" in allowed or update and str in types and not any(allowed):
            return ""
        raise invalid(
            f"You passed an empty string for '{at}'. We assume empty values are an attempt to unset a "
            f"parameter; however '{at}' cannot be unset. You should remove '{at}' from your request or "
            "supply a non-empty value.",
            at,
            "parameter_invalid_empty",
        )
    return _nested(value, types, at, update) if isinstance(value, dict) else _scalar(value, types, allowed, at)


def _nested(value: dict[str, Any], types: tuple[Any, ...], at: str, update: bool) -> Any:
    for tp in types:
        if get_origin(tp) is list and all(k.isdigit() for k in value):
            ordered = sorted(value, key=int)
            return [_convert(value[k], library.element(tp), f"{at}[{k}]", update) for k in ordered]
        if te.is_typeddict(tp):
            return check(value, tp, at, update=update)
        if get_origin(tp) is dict and te.is_typeddict(library.element(tp)[0]):
            return Params({k: _convert(v, library.element(tp), f"{at}[{k}]", update) for k, v in value.items()}, at)
        if get_origin(tp) is dict:
            return {k: _metadata(k, v, at) for k, v in value.items()}
    raise invalid("Invalid array" if any(get_origin(t) is list for t in types) else "Invalid string: " + str(value), at)


def _metadata(key: str, value: Any, at: str) -> str:
    if not isinstance(value, str):
        raise invalid("Metadata values must be strings.", spell(at, key))
    if len(key) > 40:
        raise invalid(f"Metadata keys can have up to 40 characters, but you passed in a key that is {len(key)} "
                      f"characters. Invalid key: {key}", at)  # fmt: skip
    if len(value) > 500:
        raise invalid(f"Metadata values can have up to 500 characters, but you passed in a value that is {len(value)} "
                      f"characters. Invalid value: {value[:50]}", spell(at, key))  # fmt: skip
    return value


def _bounded(value: str, at: str) -> int:
    if len(value) > 18 or abs(int(value)) > LARGEST:
        raise invalid(f"Invalid integer: {value[:40]}", at, "parameter_invalid_integer")
    return int(value)


def _scalar(value: str, types: tuple[Any, ...], allowed: tuple[str, ...], at: str) -> Any:
    if value in allowed:
        return value
    if int in types and re.fullmatch(r"-?[0-9]+", value):
        return _bounded(value, at)
    if float in types and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value)
    if bool in types and value in BOOLEANS:
        return BOOLEANS[value]
    if any(allowed):
        *most, last = [v for v in allowed if v]
        raise invalid(f"Invalid {at}: must be one of {', '.join(most)}{', or ' * bool(most)}{last}", at)
    if str in types and len(value) > (longest := LENGTHS.get(at, LENGTH)):
        raise invalid(f"Invalid string: {value[:10]}...{value[-10:]}; must be at most {longest} characters", at)
    if at.endswith("currency") and value.lower() not in CURRENCIES:
        known = ", ".join(sorted(CURRENCIES))
        raise invalid(f"Invalid currency: {value.lower()}. Stripe currently supports these currencies: {known}", at)
    if str in types or Decimal in types and re.fullmatch(r"-?\d+(\.\d{1,12})?", value):
        return value
    if int in types:
        raise invalid(f"Invalid integer: {value}", at, "parameter_invalid_integer")
    raise invalid(
        f"Invalid boolean: {value}"
        if bool in types
        else "Invalid array"
        if get_origin(types[-1]) is list
        else f"Invalid decimal: {value}"
        if {float, Decimal} & {*types}
        else "Invalid object",
        at,
    )
