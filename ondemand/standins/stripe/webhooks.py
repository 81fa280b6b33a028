"""Webhook endpoints, and signed delivery with retries."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

from ondemand.standins.stripe import library
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import assign, operation, resource
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.store import Store

BACKOFF = (1, 2, 4, 8, 16, 32, 64, 128)  # seconds; Stripe's are hours
TRIES = 16
LONGEST_REST = 4.0  # seconds for which nobody asks an endpoint that does not answer
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


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *given: Any) -> None:
        """To lead somewhere else is a failure, as at Stripe."""


OPENER = urllib.request.build_opener(_NoRedirect)


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
    status = 200 if gone else post(endpoint or {}, owner.render(event))
    done = status in range(200, 300)
    DOWN.note(delivery.endpoint, reached=status != 0)
    with store.lock:
        due = time.time() + BACKOFF[min(delivery.tries, len(BACKOFF) - 1)]
        store.db.execute(
            "UPDATE deliveries SET tries = tries + 1, due = ?, done = ? WHERE n = ?",
            (due, done or delivery.tries + 1 >= TRIES, delivery.n),
        )
        if done and (event := owner.find_id(["event"], delivery.event)):
            owner.save(event | {"pending_webhooks": max(0, event["pending_webhooks"] - 1)})


def post(endpoint: Object, event: Object) -> int:
    """The status that was answered; 0 where nobody answered."""
    payload = json.dumps(event)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (stand-in)",
        "Stripe-Signature": sign(endpoint["_secret"], payload, int(time.time())),
    }
    try:
        request = urllib.request.Request(endpoint["url"], payload.encode(), headers)
        with OPENER.open(request, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError):  # refused, timed out, or no address at all
        return 0


class Down:
    """Endpoints where nobody answers rest for a while, or each waiting event would knock in turn."""

    def __init__(self) -> None:
        self.until: dict[str, tuple[float, float]] = {}  # to when, and for how long

    def note(self, endpoint: str, *, reached: bool) -> None:
        if reached:
            self.until.pop(endpoint, None)
        else:
            rest = min(LONGEST_REST, self.until.get(endpoint, (0.0, 0.25))[1] * 2)
            self.until[endpoint] = (time.time() + rest, rest)

    def rests(self, endpoint: str) -> bool:
        return self.until.get(endpoint, (0.0, 0.0))[0] > time.time()


DOWN = Down()


def _done(busy: set[int], n: int, finished: Future[None]) -> None:
    busy.discard(n)


def waiting(store: Store) -> list[Delivery]:
    """The first that are due of each endpoint."""
    rows = store.db.execute("SELECT DISTINCT endpoint FROM deliveries WHERE NOT done AND due <= ?", (time.time(),))
    return [
        Delivery(*row)
        for (endpoint,) in rows.fetchall()
        for row in store.db.execute(
            "SELECT n, owner, event, account, endpoint, tries FROM deliveries WHERE NOT done AND endpoint = ? "
            "AND due <= ? ORDER BY due LIMIT 25",
            (endpoint, time.time()),
        )
    ]


def loop(store: Store) -> None:
    """Eight at a time, so that an endpoint which hangs does not keep the others waiting."""
    busy: set[int] = set()
    with ThreadPoolExecutor(8) as pool:
        while True:
            with store.lock:
                fresh = [each for each in waiting(store) if each.n not in busy and not DOWN.rests(each.endpoint)]
            for delivery in fresh:
                busy.add(delivery.n)
                pool.submit(deliver, store, delivery).add_done_callback(partial(_done, busy, delivery.n))
            time.sleep(0.05)


def start(store: Store) -> None:
    threading.Thread(target=loop, args=(store,), daemon=True).start()
