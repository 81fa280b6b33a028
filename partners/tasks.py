"""Jobs about partners: each loads by id and makes one call; sweeps find what hints missed."""

from __future__ import annotations

from ondemand import clock
from ondemand.jobs import job
from ondemand.tenancy.context import as_worker
from partners import services
from partners.models import Partner


@job
def tell_peer(partner_id: int) -> None:
    services.tell_peer(partner_id, now=clock.now())


@job
def sync_catalogue() -> None:
    services.sync_catalogue()


@job
def sweep() -> None:
    """Campaigns that are missing, products that Stripe lacks, enrolments that the other zone has not confirmed."""
    now = clock.now()
    with as_worker():
        services.ensure_campaigns(now=now)
        waiting = list(Partner.objects.to_tell_peer(now).values_list("pk", flat=True)[:50])
    for partner_id in waiting:
        services.tell_peer(partner_id, now=now)
    services.sync_catalogue()
