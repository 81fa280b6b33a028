"""Events: what happened, kept and queued for the endpoints that asked for it."""

from __future__ import annotations

from ondemand.standins.stripe import library
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import resource
from ondemand.standins.stripe.shapes import Object

resource(
    "event",
    "/v1/events",
    type=lambda event, type: wanted_by([type], event["type"]),
    types=lambda event, types: wanted_by(types, event["type"]),
    delivery_success=lambda event, wanted: (event["pending_webhooks"] == 0) == wanted,
)


def wanted_by(types: list[str], type: str) -> bool:
    return any(t in ("*", type) or t.endswith(".*") and type.startswith(t[:-1]) for t in types)


def emit(account: Account, type: str, obj: Object, previous: Object | None = None) -> None:
    waiting = [e for e in _endpoints(account) if e["status"] == "enabled" and wanted_by(e["enabled_events"], type)]
    data = {"object": account.render(obj)} | ({"previous_attributes": previous} if previous else {})
    whose: Object = {"account": account.connected} if account.connected else {}
    event = account.new(
        "event", type=type, data=data, api_version=library.VERSION, request=account.request,
        pending_webhooks=len(waiting), **whose,
    )  # fmt: skip
    account.db.executemany(
        "INSERT INTO deliveries (owner, event, account, endpoint, due) VALUES (?, ?, ?, ?, ?)",
        [(account.key, event["id"], account.root if e["_connect"] else account.key, e["id"], account.real_time())
         for e in waiting],
    )  # fmt: skip


def _endpoints(account: Account) -> list[Object]:
    """An account's own, and its platform's Connect endpoints."""
    own = [e for e in account.find("webhook_endpoint") if not e["_connect"]]
    if not account.connected:
        return own
    platform = Account(account.store, account.root)
    return own + [e for e in platform.find("webhook_endpoint") if e["_connect"]]
