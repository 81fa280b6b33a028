"""How a noun declares its operations; only those that the official library has can be declared."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any

from ondemand.standins.stripe import library
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.errors import invalid, no_such, not_done
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.store import BURIED

Handler = Callable[..., Object]
Test = Callable[[Object, Any], bool]
HANDLERS: dict[tuple[str, str], Handler] = {}
ON_CLOCKS = ("customer", "subscription")  # what is on a test clock is in lists only when asked for
COMPARE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def operation(route: str) -> Callable[[Handler], Handler]:
    method, path = route.split()
    if (method, path) not in library.operations():
        raise LookupError(f"Stripe has no {route}")

    def register(handler: Handler) -> Handler:
        HANDLERS[method, path] = handler
        return handler

    return register


@cache
def _routes() -> list[tuple[str, re.Pattern[str], library.Operation]]:
    ordered = sorted(library.operations().values(), key=lambda op: op.path.count("{"))
    return [(op.method, re.compile(re.sub(r"\{\w+\}", "([^/]+)", op.path)), op) for op in ordered]


def route(method: str, path: str) -> tuple[library.Operation, tuple[str, ...]] | None:
    found = ((op, m.groups()) for verb, rx, op in _routes() if verb == method and (m := rx.fullmatch(path)))
    return next(found, None)


def run(account: Account, op: library.Operation, ids: tuple[str, ...], params: Params) -> Object:
    handler = HANDLERS.get((op.method, op.path))
    if handler is None:
        raise not_done(f"{op.method} {op.path}")
    expand = params.get("expand") or []
    result = handler(account, params, *ids)
    if unread := sorted(params.unused()):
        raise not_done(f"the parameter {', '.join(unread)} of {op.method} {op.path}")
    return result | {"_expand": expand}


def resource(
    kind: str,
    path: str,
    filters: str = "",
    nested: dict[str, str] | None = None,
    defaults: Object | None = None,
    **tests: Test,
) -> None:
    """GET the list, filtered by plain fields, by nested ones (name to place) and by tests, and GET one."""
    one = next(
        op.path
        for op in library.operations().values()
        if op.method == "GET" and re.fullmatch(re.escape(path) + r"/\{\w+\}", op.path)
    )
    places = {name: name for name in filters.split()} | (nested or {})

    @operation(f"GET {path}")
    def many(account: Account, params: Params) -> Object:
        match = {place: params[name] for name, place in places.items() if name in params}
        asked = {name: params.get(name, (defaults or {}).get(name)) for name in tests}
        if kind in ON_CLOCKS and not {"test_clock", "customer"} & set(match):
            match["test_clock"] = None
        wanted = [(tests[name], value) for name, value in asked.items() if value is not None]
        return listed(account, kind, path, params, match, lambda row: all(test(row, v) for test, v in wanted))

    @operation(f"GET {one}")
    def retrieve(account: Account, params: Params, id: str) -> Object:
        return account.find_id([BURIED + kind], id) or account.get(kind, id)


def listed(
    account: Account,
    kind: str,
    url: str,
    params: Params,
    match: Object,
    test: Callable[[Object], bool] = lambda row: True,
) -> Object:
    """One page of the objects of a kind, newest first."""
    limit = page_size(params)
    bounds, given = _created(params.get("created"))
    before = _one_way(params)
    for name, sign in (("starting_after", "<"), ("ending_before", ">")):
        if id := params.get(name):
            bounds += f" AND n {sign} ?"
            given = (*given, _position(account, kind, id, name))
    rows = account.scan(kind, match, bounds, given, newest_first=not before)
    found = list(islice(filter(test, rows), limit + 1))
    shown = found[:limit][::-1] if before else found[:limit]
    return {"object": "list", "data": shown, "has_more": len(found) > limit, "url": url, "_page": True}


def page(rows: list[Object], url: str, params: Params) -> Object:
    """One page of a list that is at hand, in its order."""
    limit = page_size(params)
    ids = [row["id"] for row in rows]
    before, after = _one_way(params), params.get("starting_after")
    for name, id in (("starting_after", after), ("ending_before", before)):
        if id and id not in ids:
            raise invalid(f"No such object: '{id}'", name, "resource_missing")
    rows = rows[ids.index(after) + 1 :] if after else rows
    rows = rows[: ids.index(before)] if before else rows
    shown = rows[-limit:] if before else rows[:limit]
    return {"object": "list", "data": shown, "has_more": len(rows) > limit, "url": url, "_page": True}


def _one_way(params: Params) -> str | None:
    before: str | None = params.get("ending_before")
    if before and params.get("starting_after"):
        raise invalid("You may only specify one of these parameters: starting_after, ending_before.", "ending_before")
    return before


def page_size(params: Params) -> int:
    limit: int = params.get("limit", 10)
    if not 1 <= limit <= 100:
        bound = "greater than or equal to 1" if limit < 1 else "less than or equal to 100"
        raise invalid(f"This value must be {bound}.", "limit", "parameter_invalid_integer")
    return limit


def _position(account: Account, kind: str, id: str, param: str) -> int:
    found = account.position(kind, id)
    if found is None:
        raise no_such(kind, id, param)
    return found


def _created(wanted: Any) -> tuple[str, tuple[Any, ...]]:
    if wanted is None:
        return "", ()
    if isinstance(wanted, int):
        return " AND created = ?", (wanted,)
    bounds = {COMPARE[name]: wanted[name] for name in wanted}
    return "".join(f" AND created {sign} ?" for sign in bounds), tuple(bounds.values())


def assign(obj: Object, params: Params, names: str) -> Object:
    """Copy plain fields; '' unsets; metadata is merged."""
    for name in names.split():
        if name == "metadata" and name in params:
            obj["metadata"] = merged(obj["metadata"], params[name])
        elif name in params:
            obj[name] = params.plain(name)
    return obj


def merged(metadata: Object | None, given: Any) -> Object:
    """An empty value removes its key, '' removes them all."""
    kept = {} if given == "" else (metadata or {}) | given
    if len(kept) > 50:
        raise invalid("You can have up to 50 metadata keys.", "metadata")
    return {key: value for key, value in kept.items() if value != ""}


def changed(before: Object, after: Object) -> Object:
    return {n: before.get(n) for n in after if before.get(n) != after[n] and not n.startswith("_")}


def lacking() -> list[str]:
    """What Stripe has and this stand-in has not: answered with 501."""
    ordered = sorted(library.operations(), key=lambda key: (key[1], key[0]))
    return [f"{method} {path}" for method, path in ordered if (method, path) not in HANDLERS]


def warm() -> None:
    """Parameter types are read from the library on first use: done ahead for what is implemented."""
    for key in HANDLERS:
        if params := library.operations()[key].params:
            library.fields(params)
