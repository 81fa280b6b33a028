"""Where a campaign's page may be framed."""

from __future__ import annotations

from datetime import datetime

from ondemand import audit
from ondemand.models import User
from partners.models import Campaign


def allow_origins(campaign: Campaign, origins: list[str], *, by: User, now: datetime) -> None:
    """Exactly these from now on; written down where it is a change. The caller opens the scope."""
    if campaign.allowed_origins == origins:
        return
    campaign.allowed_origins = origins
    campaign.save(update_fields=["allowed_origins"])
    audit.record(
        "origins.changed", now=now, actor=by, partner_id=campaign.partner_id, target=campaign.slug, origins=origins
    )
