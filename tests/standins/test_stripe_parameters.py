"""Nothing is silently accepted: a parameter is refused, or shows in the answer, or is listed here with its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_origin
from urllib.parse import urlencode

import pytest
import typing_extensions

from ondemand.standins.stripe import core, library, server  # noqa: F401  server declares every operation
from tests.conftest import in_ci
from tests.standins.stripe_bases import BASES, LISTS, Form
from tests.standins.stripe_process import Standin
from tests.standins.stripe_shop import Shop
from tests.standins.stripe_unseen import UNSEEN

pytestmark = in_ci

DEEPEST = 3
PAGING = {"expand", "limit", "starting_after", "ending_before", "created"}
OTHERWISE = re.compile(  # tried in tests of their own: searches, lists inside of something, clocks
    r"/search$|^GET .*\}(/|$)|^GET /v1/(tax_ids|subscription_items|credit_notes/preview/lines)$|"
    r"^DELETE /v1/subscription_items|/advance$"
)


def leaves(cls: type | None, at: str = "", depth: int = 1) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for name, field in (library.fields(cls) if cls else {}).items():
        spelt = f"{at}[{name}]" if at else name
        yield from _leaf(spelt, field.types, depth)


def _leaf(at: str, types: tuple[Any, ...], depth: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    nested = next((each for each in types if typing_extensions.is_typeddict(each)), None)
    listed = next((each for each in types if get_origin(each) is list), None)
    if listed is not None:
        yield from _leaf(f"{at}[0]", library.element(listed), depth)
    elif any(get_origin(each) is dict for each in types):
        yield f"{at}[key]", (str,)
    elif nested is not None and depth < DEEPEST:
        yield from leaves(nested, at, depth + 1)
    elif nested is None:
        yield at, types


def samples(types: tuple[Any, ...]) -> list[str]:
    """Two values where the first may be what is there anyway."""
    chosen = [each for each in library.choices(types) if each]
    if chosen:
        return [chosen[-1], chosen[0]]
    return ["true", "false"] if bool in types else ["23"] if set(types) & {int, float} else ["zebra"]


def plain(body: Any) -> str:
    """An answer without what is new each time."""
    text = json.dumps(body, sort_keys=True)
    new = r'\b[a-z]+(_[a-z]+)*_[A-Za-z0-9]{20,}(_secret_\w+)?|\b1[0-9]{9}\b|"[A-Z0-9]{8}(-[\w-]+)?"|"id": "\w{8}"'
    return re.sub(new, "~", text)


class Call:
    """A call that is answered; made ready anew only after it was answered."""

    def __init__(self, shop: Shop, route: str) -> None:
        self.shop, self.route, self.ready = shop, route, BASES[route](shop)

    def ask(self, more: Form | None = None) -> tuple[int, str]:
        path, form = self.ready
        verb, sent = self.route.split()[0], urlencode(form | (more or {}))
        status, body, _ = self.shop.standin.raw(verb, path if verb == "POST" else f"{path}?{sent}", sent)
        if status not in (400, 501):
            self.ready = BASES[self.route](self.shop)
        return status, plain(body)


@pytest.mark.parametrize("route", BASES)
def test_every_parameter_is_refused_or_seen(stripe_base: str, route: str) -> None:
    call, silent, unread = Call(Shop(Standin(stripe_base)), route), list[str](), set[str]()
    method, place = route.split()
    base = call.ask()
    assert base[0] == 200, base[1]
    for name, types in leaves(library.operations()[method, place].params):
        if name.split("[")[0] in unread | {"expand"}:
            continue
        for value in samples(types):
            status, text = call.ask({name: value})
            assert status != 500, (name, text)
            if (status, text) != base:
                break
        else:
            silent += [name] * ((route, name) not in UNSEEN)
        if status == 501 and re.search(rf"the parameter {name.split('[')[0]}[ ,]", text):
            unread.add(name.split("[")[0])
    assert silent == []


@pytest.mark.parametrize("route", LISTS)
def test_every_filter_of_a_list_is_refused_or_seen(stripe_base: str, route: str) -> None:
    shop, path = Shop(Standin(stripe_base)), route.split()[1]
    LISTS[route](shop)
    base, silent = shop.standin.raw("GET", path)[1], []
    assert base["data"]
    for name, types in leaves(library.operations()["GET", path].params):
        answers = [shop.standin.raw("GET", f"{path}?{urlencode({name: value})}")[1] for value in samples(types)]
        if name.split("[")[0] not in PAGING and all(answer == base for answer in answers):
            silent += [name] * ((route, name) not in UNSEEN)
    assert silent == []


def test_whatever_takes_parameters_is_tried(stripe_base: str) -> None:
    """Deleting, sending, voiding and their like take none; searches are tried by themselves."""
    tried = {*BASES, *LISTS}
    paths = [f"{verb} {path}" for verb, path in core.HANDLERS if own(library.operations()[verb, path])]
    assert sorted(each for each in paths if each not in tried and not OTHERWISE.search(each)) == []


def own(operation: library.Operation) -> set[str]:
    return set(library.fields(operation.params) if operation.params else {}) - PAGING
