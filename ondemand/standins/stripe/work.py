"""What falls due happens at its own moment, in order: by the real clock, or while a clock is moved."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable

from ondemand.standins.stripe import balance, billing, checkout, discounts, due_invoices, payouts, refunds
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.store import Store

WORK: dict[str, Callable[[Account, Object], object]] = {
    "coupon": discounts.lapse,
    "subscription": billing.due,
    "invoice": due_invoices.advance,
    "checkout.session": checkout.expire,
    "balance_transaction": balance.become_available,
    "refund": refunds.settle,
    "payout": payouts.arrive,
    "_payout_run": payouts.run,
}


def catch_up(store: Store, timeline: str, until: int) -> None:
    """Within the caller's transaction."""
    while row := store.db.execute(
        "SELECT account, kind, id, due FROM objects WHERE timeline = ? AND due <= ? ORDER BY due, n LIMIT 1",
        (timeline, until),
    ).fetchone():
        _do(store, timeline, *row)


def _do(store: Store, timeline: str, key: str, kind: str, id: str, due: int) -> None:
    account = Account(store, key)
    account.frozen = due
    account.clock = None if timeline == account.root else timeline
    store.db.execute("UPDATE objects SET due = NULL WHERE account = ? AND kind = ? AND id = ?", (key, kind, id))
    obj = account.find_id([kind], id)
    try:
        if obj:
            WORK[kind](account, obj)
    except Exception:  # our own mistake: said, and not tried for ever
        traceback.print_exc()


def loop(store: Store) -> None:
    while True:
        with store.lock:
            for key in store.waiting():
                store.db.execute("BEGIN IMMEDIATE")
                catch_up(store, key, store.now(key))
                store.db.execute("COMMIT")
        time.sleep(0.5)


def start(store: Store) -> None:
    threading.Thread(target=loop, args=(store,), daemon=True).start()
