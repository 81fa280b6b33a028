"""Search: clauses of field, sign and value, joined by AND or by OR."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import operation, page_size
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object

CLAUSE = re.compile(
    r"""\s*(?P<no>-?)(?P<field>[a-z_.]+)(\[(?P<key>"[^"]*"|'[^']*')\])?\s*(?P<sign>:|~|<=|>=|<|>)\s*"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|-?\d+|null)\s*""", re.VERBOSE,
)  # fmt: skip
FIELDS = {
    "customer": "created email metadata name phone",
    "invoice": "created currency customer metadata number receipt_number subscription total status",
    "subscription": "created metadata status",
    "charge": "amount created currency customer disputed metadata refunded status",
    "payment_intent": "amount created currency customer metadata status",
    "price": "active currency lookup_key metadata product type",
    "product": "active description metadata name shippable url",
}
PLACES = {("invoice", "subscription"): ("parent", "subscription_details", "subscription")}


def declare(kind: str, path: str) -> None:
    @operation(f"GET {path}/search")
    def found(account: Account, params: Params) -> Object:
        clauses, any_of = parse(kind, params["query"])
        size, start = page_size(params), _start(params.get("page"))
        join = any if any_of else all
        rows = [row for row in account.scan(kind, {}) if join(fits(row, kind, clause) for clause in clauses)]
        more = len(rows) > start + size
        return {
            "object": "search_result", "data": rows[start : start + size], "has_more": more, "url": f"{path}/search",
            "next_page": f"page_{start + size}" if more else None, "_page": True,
        }  # fmt: skip


def _start(page: str | None) -> int:
    found = re.fullmatch(r"page_(\d+)", page or "page_0")
    if not found:
        raise invalid("Invalid page.", "page")
    return int(found[1])


def parse(kind: str, query: str) -> tuple[list[dict[str, str]], bool]:
    """The clauses, and whether one of them is enough."""
    clauses, at, joins = [], 0, set[str]()
    while True:
        match = CLAUSE.match(query, at)
        if not match:
            raise invalid(f"We were unable to parse your search query: {query}", "query")
        clause = {name: value or "" for name, value in match.groupdict().items()}
        if clause["field"] not in FIELDS[kind].split():
            raise invalid(f"Field `{clause['field']}` is an unsupported search field for resource `{kind}s`.", "query")
        clauses.append(clause)
        at = match.end()
        if at == len(query):
            break
        joined = re.compile(r"(AND|OR)\s+", re.IGNORECASE).match(query, at)
        joins.add(joined[1].upper() if joined else "AND")
        at = joined.end() if joined else at
    if len(joins) > 1:
        raise invalid("You cannot combine AND and OR in one query.", "query")
    return clauses, joins == {"OR"}


def fits(row: Object, kind: str, clause: dict[str, str]) -> bool:
    value: Any = row
    for name in PLACES.get((kind, clause["field"]), (clause["field"],)):
        value = (value or {}).get(name)
    if clause["field"] == "metadata":
        value = (value or {}).get(clause["key"][1:-1])
    wanted = clause["value"]
    text = re.sub(r"\\(.)", r"\1", wanted[1:-1]) if wanted[0] in "\"'" else wanted
    return _compare(value, clause["sign"], text, wanted == "null") != (clause["no"] == "-")


def _compare(value: Any, sign: str, text: str, null: bool) -> bool:
    if null or value is None:
        return null and value is None
    if sign == "~":
        return text.lower() in str(value).lower()
    if sign == ":":
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        return shown.lower() == text.lower()
    bound = (
        int(text) if text.lstrip("-").isdigit() else int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    )
    return bool({"<": value < bound, ">": value > bound, "<=": value <= bound, ">=": value >= bound}[sign])


for kind, path in (
    ("customer", "/v1/customers"), ("invoice", "/v1/invoices"), ("subscription", "/v1/subscriptions"),
    ("charge", "/v1/charges"), ("payment_intent", "/v1/payment_intents"), ("price", "/v1/prices"),
    ("product", "/v1/products"),
):  # fmt: skip
    declare(kind, path)
