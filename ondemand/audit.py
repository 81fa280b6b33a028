"""Who did what, for whom: one function writes the trail, in the transaction of the deed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ondemand.models import AuditEntry, User


def record(
    verb: str,
    *,
    now: datetime,
    actor: User | None = None,
    partner_id: int | None = None,
    customer_id: int | None = None,
    target: object = "",
    **detail: Any,
) -> None:
    """Append an entry. Without an actor the platform itself acted. `detail` must be JSON."""
    AuditEntry.objects.create(
        at=now,
        verb=verb,
        actor_id=actor.pk if actor else None,
        actor=actor.email if actor else "platform",
        partner_id=partner_id,
        customer_id=customer_id,
        target=str(target)[:120],
        detail=detail,
    )
