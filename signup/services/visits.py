"""How often a sign-up page was looked at."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from ondemand import clock
from partners.models import Campaign

VISIT = """
INSERT INTO signup_pagevisits AS v (partner_id, campaign_id, day, visits) VALUES (%s, %s, %s, 1)
ON CONFLICT (partner_id, campaign_id, day) DO UPDATE SET visits = v.visits + 1"""


def count_visit(campaign: Campaign, *, now: datetime) -> None:
    """One more on the zone's business day. The caller opens the scope."""
    with connection.cursor() as cursor:
        cursor.execute(VISIT, [campaign.partner_id, campaign.pk, clock.business_day(now)])
