"""Another price for a subscription: what it would cost, and the change itself. Instants in UTC.

The quantity is told along: a change of price leaves it as it is.
"""

from __future__ import annotations

from datetime import datetime

import stripe

from ondemand.gateway.client import stripe_call
from ondemand.gateway.invoices import PreviewFacts, preview
from ondemand.gateway.subscriptions import SubscriptionFacts


def change_price(facts: SubscriptionFacts, *, price: str, prorated_from: datetime | None, key: str) -> None:
    """With `prorated_from` the next invoice credits the old price and charges the new one for the cycle's rest."""
    params: stripe.params.SubscriptionUpdateParams = {
        "items": [{"id": facts.item, "price": price, "quantity": facts.quantity}],
        "proration_behavior": "create_prorations" if prorated_from else "none",
    }
    if prorated_from:
        params["proration_date"] = int(prorated_from.timestamp())
    with stripe_call() as client:
        client.v1.subscriptions.update(facts.id, params, {"idempotency_key": key})


def preview_price(facts: SubscriptionFacts, *, price: str, prorated_from: datetime | None) -> PreviewFacts | None:
    """The invoice that the cycle would end with. None where nothing will be billed any more."""
    details: stripe.params.InvoiceCreatePreviewParamsSubscriptionDetails = {
        "items": [{"id": facts.item, "price": price, "quantity": facts.quantity}],
        "proration_behavior": "create_prorations" if prorated_from else "none",
    }
    if prorated_from:
        details["proration_date"] = int(prorated_from.timestamp())
    return preview({"subscription": facts.id, "subscription_details": details})
