"""Products and prices at Stripe, found by ids and lookup keys of ours, so that running twice is normal."""

from __future__ import annotations

import stripe

from ondemand.gateway.client import stripe_call
from ondemand.gateway.errors import NotFound


def ensure_product(*, id: str, name: str, description: str) -> str:
    """The product's id at Stripe, which we choose; made unless it is there."""
    try:
        with stripe_call() as client:
            return client.v1.products.retrieve(id).id
    except NotFound:
        params: stripe.params.ProductCreateParams = {"id": id, "name": name}
        if description:
            params["description"] = description
        with stripe_call() as client:
            return client.v1.products.create(params, {"idempotency_key": f"product-{id}"}).id


def ensure_price(*, lookup_key: str, product: str, currency: str, amount: int, monthly: bool) -> str:
    """The id of the active price with our lookup key; made unless it is there. `amount` in minor units."""
    with stripe_call() as client:
        found = client.v1.prices.list({"lookup_keys": [lookup_key], "limit": 1}).data
        if found:
            return found[0].id
        params: stripe.params.PriceCreateParams = {
            "product": product,
            "currency": currency.lower(),
            "unit_amount": amount,
            "lookup_key": lookup_key,
        }
        if monthly:
            params["recurring"] = {"interval": "month"}
        return client.v1.prices.create(params, {"idempotency_key": f"price-{lookup_key}"}).id
