"""What a connected account may do: requested, and active once its requirements are met."""

from __future__ import annotations

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import operation
from ondemand.standins.stripe.errors import StripeError
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object


def _shown(connected: Object, name: str) -> Object:
    due = connected["requirements"]["currently_due"]
    wanted = {
        "alternatives": [], "current_deadline": None, "currently_due": due, "disabled_reason": None, "errors": [],
        "eventually_due": due, "past_due": due, "pending_verification": [],
    }  # fmt: skip
    status = connected["capabilities"].get(name, "unrequested")
    return {
        "object": "capability", "id": name, "account": connected["id"], "status": status,
        "requested": status != "unrequested", "requested_at": connected["created"] if status != "unrequested" else None,
        "requirements": wanted, "future_requirements": wanted | {"currently_due": [], "eventually_due": [],
                                                                 "past_due": []},
    }  # fmt: skip


@operation("GET /v1/accounts/{account}/capabilities")
def many(account: Account, params: Params, id: str) -> Object:
    connected = account.get("account", id)
    shown = [_shown(connected, name) for name in connected["capabilities"]]
    return {"object": "list", "data": shown, "has_more": False, "url": f"/v1/accounts/{id}/capabilities"}


@operation("GET /v1/accounts/{account}/capabilities/{capability}")
def retrieve(account: Account, params: Params, id: str, name: str) -> Object:
    if name not in ("transfers", "card_payments"):
        raise StripeError(404, f"No such capability: '{name}'", param="capability", code="resource_missing")
    return _shown(account.get("account", id), name)


@operation("POST /v1/accounts/{account}/capabilities/{capability}")
def update(account: Account, params: Params, id: str, name: str) -> Object:
    retrieve(account, params, id, name)
    connected = account.get("account", id)
    if "requested" in params:
        on = "active" if connected["details_submitted"] else "inactive"
        connected["capabilities"] |= {name: on if params["requested"] else "inactive"}
    return _shown(account.save(connected), name)
