"""Warnings about cards that end, each mailed once: the row is claimed in the transaction of the mail.

Of several that are due the newest alone is mailed, however late the run.
"""

from __future__ import annotations

from datetime import datetime

from customers import readers
from customers.models import Subscription
from ondemand import clock
from ondemand.tenancy.context import as_worker


def warn_of_card(subscription_id: int, *, now: datetime) -> bool:
    """Its card ends within 30 or 7 days: to the billing contact and the partner. False where nothing was due."""
    with as_worker():
        due = Subscription.objects.card_to_warn(clock.business_day(now)).select_for_update(of=("self",))
        row = due.select_related("customer__partner").filter(pk=subscription_id).first()
        if row is None:
            return False
        Subscription.objects.filter(pk=row.pk).update(card_warned=row.step)
        readers.tell_both(
            f"subscription-{row.pk}-card-{row.step}",
            row.customer,
            template="card_ends",
            context={"card": row.card_text, "ends": row.card_ends},
            now=now,
            amounts=True,
        )
        return True
