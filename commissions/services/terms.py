"""The rates that partners agreed."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import connection

from commissions.models import CommissionTerms
from ondemand import audit
from ondemand.models import User
from partners.models import Partner, Product

STANDARD = """
INSERT INTO commissions_commissionterms
  (partner_id, product_id, rate, hold_days, starts, ends, created_at, created_by)
SELECT campaign.partner_id, campaign.product_id, %s, %s,
  (campaign.created_at AT TIME ZONE %s)::date, NULL, %s, 'standard'
FROM partners_campaign campaign
WHERE NOT EXISTS (SELECT FROM commissions_commissionterms terms
  WHERE terms.partner_id = campaign.partner_id AND terms.product_id = campaign.product_id)"""


def ensure_terms(*, now: datetime) -> int:
    """Give every campaign without terms the standard ones, from the day on which it began."""
    with connection.cursor() as cursor:
        values: list[int | str | datetime] = [
            settings.COMMISSION_RATE,
            settings.COMMISSION_HOLD_DAYS,
            settings.ZONE_TIME_ZONE,
            now,
        ]
        cursor.execute(STANDARD, values)
        return int(cursor.rowcount)


def agree(
    *, partner: Partner, product: Product, rate: int, hold_days: int, starts: date, now: datetime, actor: User
) -> CommissionTerms:
    """New terms from a date on; those in force end there. `rate` in basis points.

    Raises IntegrityError where other terms already begin later: the database keeps ranges from overlapping.
    """
    in_force = CommissionTerms.objects.filter(partner=partner, product=product, ends=None, starts__lt=starts)
    in_force.update(ends=starts)
    terms = CommissionTerms.objects.create(
        partner=partner,
        product=product,
        rate=rate,
        hold_days=hold_days,
        starts=starts,
        created_at=now,
        created_by=actor.email,
    )
    audit.record(
        "terms.agreed",
        now=now,
        actor=actor,
        partner_id=partner.pk,
        target=product.code,
        rate=rate,
        starts=starts.isoformat(),
    )
    return terms
