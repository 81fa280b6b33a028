"""When a subscription is to end: told to Stripe, and untold."""

from __future__ import annotations

from datetime import datetime

import stripe

from ondemand.gateway.client import stripe_call


def set_end(subscription: str, at: datetime | None, *, key: str) -> None:
    """At the end of a cycle, so that nothing is prorated; None: it goes on."""
    params: stripe.params.SubscriptionUpdateParams = {
        "cancel_at": int(at.timestamp()) if at else "",
        "proration_behavior": "none",
    }
    with stripe_call() as client:
        client.v1.subscriptions.update(subscription, params, {"idempotency_key": key})
