"""All that one API key (or, with Stripe-Account, one connected account) can see."""

from __future__ import annotations

import json
import secrets
import string
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ondemand.standins.stripe.errors import no_such
from ondemand.standins.stripe.shapes import Object, blank
from ondemand.standins.stripe.store import BURIED, Store

PREFIX = {
    "product": "prod", "price": "price", "customer": "cus", "tax_id": "txi", "payment_method": "pm",
    "subscription": "sub", "subscription_item": "si", "invoiceitem": "ii", "invoice": "in", "line_item": "il",
    "invoice_payment": "inpay", "payment_intent": "pi", "setup_intent": "seti", "charge": "ch", "refund": "re",
    "dispute": "du", "credit_note": "cn", "credit_note_line_item": "cnli", "balance_transaction": "txn",
    "coupon": "", "promotion_code": "promo", "discount": "di", "tax_rate": "txr", "checkout.session": "cs_test",
    "item": "li", "event": "evt", "webhook_endpoint": "we", "billing_portal.configuration": "bpc",
    "billing_portal.session": "bps", "account": "acct", "transfer": "tr", "transfer_reversal": "trr",
    "payout": "po", "customer_balance_transaction": "cbtxn", "test_helpers.test_clock": "clock",
    "bank_account": "ba", "topup": "tu", "token": "tok", "card": "card",
}  # fmt: skip
LETTERS = string.ascii_letters + string.digits
READABLE = bytes(ord(LETTERS[n % len(LETTERS)]) for n in range(256))  # any byte as a letter or digit
NAMES = {"payment_method": "PaymentMethod", "account": "Account"}  # where an error's words differ
DUE: dict[str, Callable[[Object], int | None]] = {}  # when an object next has something to do
INCLUDED: dict[tuple[str, str], Callable[[Account, Object], Any]] = {}  # fields that only expand[] shows


class Account:
    def __init__(self, store: Store, key: str) -> None:
        self.store, self.key, self.db = store, key, store.db
        self.root, _, self.connected = key.partition("/")
        self.request: Object = {"id": None, "idempotency_key": None}
        self.frozen: int | None = None  # a moment of its own: what falls due, or a test clock's
        self.clock: str | None = None
        self.authenticated = False  # 3-D Secure was passed in this request

    def inside(self, connected: str) -> Account:
        """A connected account itself, in the same request and at the same time."""
        there = Account(self.store, f"{self.root}/{connected}")
        there.request, there.frozen = self.request, self.frozen
        return there

    def now(self) -> int:
        return self.frozen if self.frozen is not None else self.store.now(self.root)

    def new(self, kind: str, *, save: bool = True, **values: Any) -> Object:
        made = {"id": new_id(kind), "object": kind, "created": self.now(), "livemode": False}
        shape = blank(kind)
        obj = shape | {n: v for n, v in made.items() if n in shape} | values
        if "test_clock" in shape and self.clock:
            obj["test_clock"] = self.clock
        if save:
            self.db.execute(
                "INSERT INTO objects (account, kind, id, created, timeline, due, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self.key, kind, obj["id"], self.now(), self.clock or self.root, _due(obj), json.dumps(obj)),
            )
        return obj

    def note(self, kind: str, body: Object, due: int | None = None) -> str:
        """Keep something that Stripe has no object for; returns its id."""
        id = random_text(24, "note_")
        self.db.execute(
            "INSERT INTO objects (account, kind, id, created, timeline, due, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self.key, kind, id, self.now(), self.root, due, json.dumps(body | {"id": id})),
        )
        return id

    def save(self, obj: Object) -> Object:
        self.db.execute(
            "UPDATE objects SET body = ?, due = ? WHERE account = ? AND kind = ? AND id = ?",
            (json.dumps(obj), _due(obj), self.key, obj["object"], obj["id"]),
        )
        return obj

    def delete(self, obj: Object) -> Object:
        self.db.execute(
            "DELETE FROM objects WHERE account = ? AND kind = ? AND id = ?",
            (self.key, obj["object"], obj["id"]),
        )
        return {"id": obj["id"], "object": obj["object"], "deleted": True}

    def bury(self, obj: Object) -> Object:
        """Deleted, and still found by its id, as deleted."""
        left = {"id": obj["id"], "object": obj["object"], "deleted": True}
        self.db.execute(
            "UPDATE objects SET kind = ?, due = NULL, body = ? WHERE account = ? AND kind = ? AND id = ?",
            (BURIED + obj["object"], json.dumps(left), self.key, obj["object"], obj["id"]),
        )
        return left

    def get(self, kind: str, id: str, param: str = "id") -> Object:
        found = self.find_id([kind], id)
        if found is None:
            raise no_such(NAMES.get(kind, kind.removeprefix("test_helpers.")), id, param)
        self.enter(found)
        return found

    def enter(self, obj: Object) -> None:
        """Work on what belongs to a test clock happens at that clock's time."""
        if (clock := obj.get("test_clock")) and self.clock is None:
            found = self.find_id(["test_helpers.test_clock"], clock)
            self.clock, self.frozen = clock, found["frozen_time"] if found else self.frozen

    def find_id(self, kinds: Iterable[str], id: str) -> Object | None:
        rows = self.db.execute("SELECT kind, body FROM objects WHERE id = ? AND +account = ?", (id, self.key))
        return next((json.loads(body) for kind, body in rows if kind in kinds), None)

    def find(self, kind: str, newest_first: bool = True, **match: Any) -> list[Object]:
        return list(self.scan(kind, match, newest_first=newest_first))

    def first(self, kind: str, **match: Any) -> Object | None:
        return next(self.scan(kind, match), None)

    def scan(
        self,
        kind: str,
        match: Object,
        bounds: str = "",
        given: tuple[Any, ...] = (),
        *,
        newest_first: bool = True,
    ) -> Iterator[Object]:
        """Match maps a field (dots go into nested ones) to its value; bounds is more SQL, over n and created."""
        tests = "".join(f" AND json_extract(body, '$.{name.replace('__', '.')}') IS ?" for name in match)
        order = "DESC" if newest_first else "ASC"
        values = (int(v) if isinstance(v, bool) else v for v in match.values())
        rows = self.db.execute(
            f"SELECT body FROM objects WHERE account = ? AND kind = ?{tests}{bounds} ORDER BY n {order}",
            (self.key, kind, *values, *given),
        )
        return (json.loads(body) for (body,) in rows)

    def position(self, kind: str, id: str) -> int | None:
        row = self.db.execute(
            "SELECT n FROM objects WHERE account = ? AND kind = ? AND id = ?", (self.key, kind, id)
        ).fetchone()
        return int(row[0]) if row else None

    def is_empty(self) -> bool:
        row = self.db.execute(
            "SELECT 1 FROM objects WHERE (account = ? OR account LIKE ? || '/%') AND kind != 'webhook_endpoint' "
            "LIMIT 1",
            (self.root, self.root),
        ).fetchone()
        return row is None

    def can_include(self, obj: Object, name: str) -> bool:
        return (obj.get("object", ""), name) in INCLUDED

    def included(self, obj: Object, name: str) -> Any:
        make = INCLUDED.get((obj.get("object", ""), name))
        return self.render(make(self, obj)) if make else None

    def render(self, obj: Any) -> Any:
        """As Stripe shows it: our own notes (_x) hidden, embedded lists cut at ten."""
        if isinstance(obj, list):
            return [self.render(v) for v in obj]
        if not isinstance(obj, dict):
            return obj
        shown = {n: self.render(v) for n, v in obj.items() if not n.startswith("_")}
        if shown.get("object") == "list" and len(shown["data"]) > 10 and not obj.get("_page"):
            shown |= {"data": shown["data"][:10], "has_more": True}
        return shown

    def real_time(self, delay: float = 0.0) -> float:
        """Seconds of real time, for what talks to the real outside."""
        return time.time() + delay


def _due(obj: Object) -> int | None:
    return DUE[obj["object"]](obj) if obj["object"] in DUE else None


def new_id(kind: str) -> str:
    return random_text(24, f"{PREFIX[kind]}_" if PREFIX[kind] else "")


def random_text(length: int, prefix: str = "") -> str:
    return prefix + secrets.token_bytes(length).translate(READABLE).decode()
