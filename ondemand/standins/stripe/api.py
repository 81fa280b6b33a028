"""From a request to Stripe's answer: key, version, route, idempotency, parameters, one transaction, expand."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ondemand.standins.stripe import core, library
from ondemand.standins.stripe.account import Account, random_text
from ondemand.standins.stripe.errors import StripeError, invalid, told
from ondemand.standins.stripe.params import check, decode
from ondemand.standins.stripe.shapes import expand
from ondemand.standins.stripe.store import Store

KEPT = 86_400  # seconds for which an idempotency key repeats its answer


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]


class Stored(NamedTuple):
    status: int
    body: str
    headers: dict[str, str]


def respond(store: Store, method: str, target: str, headers: Any, body: str) -> Answer:
    request_id = random_text(14, "req_")
    sent = {"Request-Id": request_id, "Stripe-Version": library.VERSION, "Content-Type": "application/json"}
    try:
        with store.lock:
            account = authenticate(store, headers)
            key = idempotency_key(headers) if method == "POST" else None
            account.request = {"id": request_id, "idempotency_key": key}
            if key:
                sent |= {"Idempotency-Key": key, "Original-Request": request_id}
            if account.connected:
                sent["Stripe-Account"] = account.connected
            reply = answer(account, method, target, body, key)
        return Answer(reply.status, reply.body.encode(), sent | reply.headers)
    except StripeError as error:
        return _refused(error, sent)
    except Exception:  # our own mistake: Stripe's 500, never a broken connection
        traceback.print_exc()
        return _refused(StripeError(500, "An unknown error occurred", kind="api_error"), sent)


def _refused(error: StripeError, sent: dict[str, str]) -> Answer:
    return Answer(error.status, told(error, sent["Request-Id"]).encode(), sent)


def in_use(key: str) -> Answer:
    """Another request with this idempotency key is under way; the client may try again."""
    error = StripeError(
        409,
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
        f"twice, and the other request is still going through): {key}. Please try again later.",
        kind="idempotency_error", code="idempotency_key_in_use",
    )  # fmt: skip
    sent = {"Request-Id": random_text(14, "req_"), "Content-Type": "application/json", "Stripe-Should-Retry": "true"}
    return _refused(error, sent | {"Idempotency-Key": key, "Stripe-Version": library.VERSION})


def authenticate(store: Store, headers: Any) -> Account:
    """The account of the key, or the connected one that Stripe-Account names."""
    key = api_key(headers)
    asked = headers.get("Stripe-Version", library.VERSION)
    if asked != library.VERSION:
        raise invalid(f"Invalid Stripe API version: {asked}. The stand-in speaks {library.VERSION} only.")
    store.open_account(key)
    account = Account(store, key)
    connected = headers.get("Stripe-Account")
    if not connected:
        return account
    if not account.find_id(["account"], connected):
        raise StripeError(
            403,
            f"The provided key '{hidden(key)}' does not have access to account '{connected}' (or that account does "
            "not exist). Application access may have been revoked.",
            code="account_invalid",
        )
    return Account(store, f"{key}/{connected}")


def api_key(headers: Any) -> str:
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    key = _basic(value) if scheme == "Basic" else value.strip()
    if not key:
        raise StripeError(
            401,
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        )
    if not re.fullmatch(r"sk_test_[^/]+", key):
        raise StripeError(401, f"Invalid API Key provided: {hidden(key)}")
    return key


def _basic(value: str) -> str:
    try:
        return base64.b64decode(value).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def hidden(key: str) -> str:
    return f"{key[:8]}{'*' * 8}{key[-4:]}"


def idempotency_key(headers: Any) -> str | None:
    key: str | None = headers.get("Idempotency-Key")
    if key and len(key) > 255:
        raise StripeError(400, "Idempotency keys can be up to 255 characters long.", kind="idempotency_error")
    return key or None


def answer(account: Account, method: str, target: str, body: str, key: str | None) -> Stored:
    url = urlsplit(target)
    found = core.route(method, url.path)
    if found is None:
        raise StripeError(
            404,
            f"Unrecognized request URL ({method}: {url.path}). Please see https://stripe.com/docs or we can help at "
            "https://support.stripe.com/.",
        )
    same = f"{method} {url.path} {hashlib.sha256(body.encode()).hexdigest()}"
    if key and (stored := replay(account, key, same)):
        return stored
    operation, ids = found
    raw = decode("&".join(filter(None, (url.query, body))))
    params = check(raw, operation.params, update=method == "POST" and bool(ids))
    at = account.now()
    status, text = transaction(account, lambda: shown(account, operation, core.run(account, operation, ids, params)))
    if key and status != 501:
        account.db.execute(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
            (account.key, key, at, same, status, text, account.request["id"]),
        )
    return Stored(status, text, {})


def replay(account: Account, key: str, same: str) -> Stored | None:
    row = account.db.execute(
        "SELECT request, status, body, request_id FROM answers WHERE account = ? AND key = ? AND at > ?",
        (account.key, key, account.now() - KEPT),
    ).fetchone()
    if row and row[0] != same:
        raise StripeError(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
            f"using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
        )
    return Stored(row[1], row[2], {"Idempotent-Replayed": "true", "Original-Request": row[3]}) if row else None


def transaction(account: Account, work: Callable[[], Any]) -> tuple[int, str]:
    account.db.execute("BEGIN IMMEDIATE")
    try:
        result = json.dumps(work())
        account.db.execute("COMMIT")
        return 200, result
    except StripeError as error:
        account.db.execute("COMMIT" if error.keep else "ROLLBACK")
        return error.status, told(error, account.request["id"] or "")
    except BaseException:
        account.db.execute("ROLLBACK")
        raise


def shown(account: Account, operation: library.Operation, result: Any) -> Any:
    wanted = result.pop("_expand")
    value, types = account.render(result), library.returned(operation)
    for path in wanted:
        if path.removeprefix("data.").count(".") > 3:
            raise invalid("You cannot expand more than 4 levels of a property.", "expand")
        value = expand(account, value, path.split("."), types, path)
    return value
