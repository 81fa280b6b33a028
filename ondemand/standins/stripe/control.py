"""/_standin/: the stand-in's own switches, none of which Stripe has. With the account's key as Bearer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from ondemand.standins.stripe import disputes, faults, work
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.api import api_key, transaction
from ondemand.standins.stripe.errors import StripeError, invalid
from ondemand.standins.stripe.pages import STYLE, Reply
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.store import Store

EARLIEST, LATEST = 946_684_800, 4_102_444_800  # the years 2000 to 2100
JSON = {"Content-Type": "application/json"}


def control(store: Store, method: str, path: str, headers: Any, body: str) -> Reply:
    if path == "/_standin/page.css":
        return 200, STYLE.encode(), {"Content-Type": "text/css", "Cache-Control": "max-age=3600"}
    try:
        given = _given(body)
        answer = SWITCHES[method, path](store, headers, given) if (method, path) in SWITCHES else None
    except StripeError as error:
        return error.status, json.dumps(error.body).encode(), dict(JSON)
    except (ValueError, TypeError):
        return 400, b'{"error": {"message": "A value is of the wrong kind."}}', dict(JSON)
    if answer is None:
        return 404, b'{"error": {"message": "The stand-in has no such switch."}}', dict(JSON)
    return 200, json.dumps(answer).encode(), dict(JSON)


def _given(body: str) -> Object:
    try:
        given = json.loads(body or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise invalid("The body must be a JSON object.")
    return given


def _account(store: Store, headers: Any) -> Account:
    key = api_key(headers)
    store.open_account(key)
    return Account(store, key)


def clock(store: Store, headers: Any, given: Object) -> Object:
    return {"now": _account(store, headers).now(), "real": int(time.time())}


def move_clock(store: Store, headers: Any, given: Object) -> Object:
    """advance_to beyond real time means real time, unless "ahead" is true."""
    account = _account(store, headers)
    target, real = given.get("advance_to"), int(time.time())
    if not isinstance(target, int) or not EARLIEST <= target <= LATEST:
        raise invalid("advance_to must be a Unix time in seconds.", "advance_to")
    if target >= real and not given.get("ahead"):
        target = real
    if target < account.now() and not account.is_empty():
        raise invalid("The clock goes backwards only for an account that has no objects yet.", "advance_to")
    store.db.execute("BEGIN IMMEDIATE")
    work.catch_up(store, account.root, target)
    store.set_offset(account.root, target - real)
    store.db.execute("COMMIT")
    return clock(store, headers, given)


def dispute(store: Store, headers: Any, given: Object) -> Object:
    """{"charge", "amount", "reason", "warning"} opens one; {"dispute", "outcome": won|lost|reinstated} ends it."""
    account = _account(store, headers)

    def work() -> Object:
        if "charge" in given:
            charge = account.get("charge", given["charge"], "charge")
            amount = int(given["amount"] if "amount" in given else charge["amount"])
            reason = given.get("reason", "fraudulent")
            return disputes.open_dispute(account, charge, amount, reason, warning=bool(given.get("warning")))
        found = account.get("dispute", given.get("dispute", ""), "dispute")
        if given.get("outcome") == "reinstated":
            return disputes.reinstate(account, found)
        if given.get("outcome") not in ("won", "lost"):
            raise invalid("outcome must be won, lost or reinstated.", "outcome")
        return disputes.close(account, found, given["outcome"])

    status, text = transaction(account, lambda: account.render(work()))
    answer: Object = json.loads(text)
    if status != 200:
        raise StripeError(status, answer["error"]["message"])
    return answer


def settings(store: Store, headers: Any, given: Object) -> Object:
    """{"after_retries": past_due|unpaid|cancel}: what the Dashboard sets for a subscription that nobody pays."""
    account, wanted = _account(store, headers), given.get("after_retries")
    if wanted not in ("past_due", "unpaid", "cancel"):
        raise invalid("after_retries must be past_due, unpaid or cancel.", "after_retries")
    account.db.execute("DELETE FROM objects WHERE account = ? AND kind = '_settings'", (account.key,))
    account.note("_settings", {"after_retries": wanted})
    return {"after_retries": wanted}


Switch = Callable[[Store, Any, Object], Object]
SWITCHES: dict[tuple[str, str], Switch] = {
    ("GET", "/_standin/clock"): clock,
    ("POST", "/_standin/clock"): move_clock,
    ("GET", "/_standin/faults"): faults.listed,
    ("POST", "/_standin/faults"): faults.add,
    ("DELETE", "/_standin/faults"): faults.clear,
    ("POST", "/_standin/disputes"): dispute,
    ("POST", "/_standin/settings"): settings,
}
