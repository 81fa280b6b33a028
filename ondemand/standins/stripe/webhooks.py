"""Webhook endpoints, and signed delivery with retries."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from ondemand.standins.stripe import library
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import assign, operation, resource
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.store import Store

BACKOFF = (1, 2, 4, 8, 16, 32, 64, 128)  # seconds; Stripe's are hours
TRIES = 16
FIELDS = "url enabled_events description metadata"

resource("webhook_endpoint", "/v1/webhook_endpoints")


@operation("POST /v1/webhook_endpoints")
def create(account: Account, params: Params) -> Object:
    if params.get("api_version", library.VERSION) != library.VERSION:
        raise invalid(f"The stand-in sends {library.VERSION} only.", "api_version")
    made = account.new(
        "webhook_endpoint", status="enabled", metadata={}, _secret="whsec_" + secrets.token_hex(16),
        _connect=bool(params.get("connect")),
    )  # fmt: skip
    assign(made, params, FIELDS + " api_version")
    _check(made)
    return account.save(made) | {"secret": made["_secret"]}


def _check(endpoint: Object) -> None:
    if not endpoint["url"].startswith(("http://", "https://")):
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid")


@operation("POST /v1/webhook_endpoints/{webhook_endpoint}")
def update(account: Account, params: Params, id: str) -> Object:
    endpoint = assign(account.get("webhook_endpoint", id), params, FIELDS)
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    _check(endpoint)
    return account.save(endpoint)


@operation("DELETE /v1/webhook_endpoints/{webhook_endpoint}")
def delete(account: Account, params: Params, id: str) -> Object:
    return account.delete(account.get("webhook_endpoint", id))


class Delivery(NamedTuple):
    n: int
    owner: str  # the account in which the event happened
    event: str
    account: str  # the account that has the endpoint
    endpoint: str
    tries: int


def sign(secret: str, payload: str, at: int) -> str:
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.{payload}'.encode(), hashlib.sha256).hexdigest()}"


def deliver(store: Store, delivery: Delivery) -> None:
    with store.lock:
        owner = Account(store, delivery.owner)
        event = owner.find_id(["event"], delivery.event)
        endpoint = Account(store, delivery.account).find_id(["webhook_endpoint"], delivery.endpoint)
    gone = endpoint is None or event is None or endpoint["status"] != "enabled"
    done = gone or post(endpoint or {}, owner.render(event))
    with store.lock:
        due = time.time() + BACKOFF[min(delivery.tries, len(BACKOFF) - 1)]
        store.db.execute(
            "UPDATE deliveries SET tries = tries + 1, due = ?, done = ? WHERE n = ?",
            (due, done or delivery.tries + 1 >= TRIES, delivery.n),
        )
        if done and (event := owner.find_id(["event"], delivery.event)):
            owner.save(event | {"pending_webhooks": max(0, event["pending_webhooks"] - 1)})


def post(endpoint: Object, event: Object) -> bool:
    payload = json.dumps(event)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (stand-in)",
        "Stripe-Signature": sign(endpoint["_secret"], payload, int(time.time())),
    }
    try:
        request = urllib.request.Request(endpoint["url"], payload.encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status in range(200, 300)
    except (OSError, ValueError):  # refused, timed out, not a 2xx, or no address at all
        return False


def _done(busy: set[int], n: int, finished: Future[None]) -> None:
    busy.discard(n)


def loop(store: Store) -> None:
    """Eight at a time, so that an endpoint which hangs does not keep the others waiting."""
    busy: set[int] = set()
    with ThreadPoolExecutor(8) as pool:
        while True:
            with store.lock:
                rows = store.db.execute(
                    "SELECT n, owner, event, account, endpoint, tries FROM deliveries WHERE NOT done AND due <= ? "
                    "ORDER BY due LIMIT 50",
                    (time.time(),),
                ).fetchall()
                fresh = [Delivery(*row) for row in rows if row[0] not in busy]
            for delivery in fresh:
                busy.add(delivery.n)
                pool.submit(deliver, store, delivery).add_done_callback(partial(_done, busy, delivery.n))
            time.sleep(0.05)


def start(store: Store) -> None:
    threading.Thread(target=loop, args=(store,), daemon=True).start()
