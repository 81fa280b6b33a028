"""Subscription items by themselves: each call is a change of their subscription."""

from __future__ import annotations

from ondemand.standins.stripe import subscriptions
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import operation, page
from ondemand.standins.stripe.errors import no_such, not_done
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object

OF_SUBSCRIPTION = "proration_behavior proration_date payment_behavior off_session"


def _find(account: Account, id: str) -> tuple[Object, Object]:
    """The subscription and its item."""
    subscription = account.get("subscription", account.get("subscription_item", id)["subscription"])
    for item in subscription["items"]["data"]:
        if item["id"] == id:
            return subscription, item
    raise no_such("subscription_item", id)


def _change(account: Account, params: Params, subscription: str, given: Object) -> Object:
    of = {name: params[name] for name in OF_SUBSCRIPTION.split() if name in params}
    item = Params(given)
    after = subscriptions.update(account, Params({"items": [item], **of}), subscription)
    if unread := sorted(item.unused()):
        raise not_done(f"the parameter {', '.join(unread)} of a subscription's item")
    return after


def _rest(params: Params) -> Object:
    outside = {*OF_SUBSCRIPTION.split(), "subscription", "expand"}
    return {name: params[name] for name in params if name not in outside}


@operation("POST /v1/subscription_items")
def create(account: Account, params: Params) -> Object:
    id = account.get("subscription", params["subscription"], "subscription")["id"]
    made: Object = _change(account, params, id, _rest(params))["items"]["data"][-1]
    return made


@operation("GET /v1/subscription_items")
def many(account: Account, params: Params) -> Object:
    subscription = account.get("subscription", params["subscription"], "subscription")
    return page(subscription["items"]["data"], "/v1/subscription_items", params)


@operation("GET /v1/subscription_items/{item}")
def retrieve(account: Account, params: Params, id: str) -> Object:
    return _find(account, id)[1]


@operation("POST /v1/subscription_items/{item}")
def update(account: Account, params: Params, id: str) -> Object:
    subscription, _ = _find(account, id)
    _change(account, params, subscription["id"], {"id": id} | _rest(params))
    return _find(account, id)[1]


@operation("DELETE /v1/subscription_items/{item}")
def delete(account: Account, params: Params, id: str) -> Object:
    subscription, _ = _find(account, id)
    _change(account, params, subscription["id"], {"id": id, "deleted": True})
    return {"id": id, "object": "subscription_item", "deleted": True}
