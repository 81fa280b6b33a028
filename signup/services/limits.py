"""How many may sign up within an hour: from one network, and at one page.

Counted over rows, so that it holds for all web servers together and when Redis is away.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ondemand.tenancy.context import as_worker
from partners.models import Campaign
from signup.models import SignUp

HOUR = timedelta(hours=1)
PER_NETWORK, PER_CAMPAIGN = 5, 20


class TooMany(Exception):
    """No more sign-ups within this hour."""


def check(campaign: Campaign, network: str, *, now: datetime) -> None:
    """Raises TooMany. Without a network its limit does not count."""
    with as_worker():
        done = SignUp.objects.completed_since(now - HOUR)
        if network and done.filter(network=network).count() >= PER_NETWORK:
            raise TooMany(network)
        if done.filter(partner_id=campaign.partner_id, campaign=campaign).count() >= PER_CAMPAIGN:
            raise TooMany(campaign.slug)
