"""How many may sign up within an hour: from one network, and at one page.

Counted over rows, so that it holds for all web servers together and when Redis is away. Asked when a sign-up begins,
which is then refused, and when it is paid, which is then held for review.
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
    """Whether one more may begin; raises TooMany."""
    with as_worker():
        if are_reached(campaign, network, now=now):
            raise TooMany(campaign.slug)


def are_reached(campaign: Campaign, network: str, *, now: datetime) -> bool:
    """Within the caller's scope. Without a network its limit does not count."""
    done = SignUp.objects.completed_since(now - HOUR)
    of_campaign = done.filter(partner_id=campaign.partner_id, campaign=campaign)
    of_network = done.filter(network=network) if network else done.none()
    return of_network.count() >= PER_NETWORK or of_campaign.count() >= PER_CAMPAIGN
