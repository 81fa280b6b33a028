"""Products and plans, at Stripe too, and a campaign of each product for every partner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from ondemand import audit
from ondemand.gateway import catalogue
from ondemand.hints import hint
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from partners.models import Plan, Product


@dataclass(frozen=True)
class PlanOffer:
    """Prices in minor units of the zone's currency."""

    code: str
    name: str
    base: int
    per_user: int
    per_gb: int
    per_terminal: int = 0
    included_users: int = 0
    included_terminals: int = 0
    included_gb: int = 0


def add_product(
    *,
    code: str,
    name: str,
    description: str,
    retail: bool,
    plans: list[PlanOffer],
    now: datetime,
    actor: User | None = None,
) -> Product:
    """A product with its plans, and a campaign of it for every partner. Again with the same codes: nothing new."""
    product, new = Product.objects.get_or_create(
        code=code, defaults={"name": name, "description": description, "retail": retail, "created_at": now}
    )
    for position, offer in enumerate(plans):
        Plan.objects.get_or_create(
            product=product,
            code=offer.code,
            defaults=vars(offer) | {"position": position, "currency": settings.ZONE_CURRENCY},
        )
    ensure_campaigns(now=now)
    hint("partners.tasks.sync_catalogue")
    if new:
        audit.record("product.added", now=now, actor=actor, target=code)
    return product


CAMPAIGNS = """
INSERT INTO partners_campaign (partner_id, product_id, slug, active, allowed_origins, created_at)
SELECT partner.id, product.id, partner.code || '-' || product.code, true, '{}', %s
FROM partners_partner partner CROSS JOIN partners_product product
WHERE product.active AND partner.state <> 'left'
ON CONFLICT (partner_id, product_id) DO NOTHING"""


def ensure_campaigns(*, now: datetime) -> int:
    """A campaign for every partner and active product that lacks one, however many. Returns how many were made."""
    with connection.cursor() as cursor:
        cursor.execute(CAMPAIGNS, [now])
        return int(cursor.rowcount)


def sync_catalogue() -> int:
    """Make at Stripe the products and prices that it does not have yet. Returns how many plans were completed."""
    with as_worker():
        plans = list(Plan.objects.filter(stripe_gb_price="").select_related("product"))
    for plan in plans:
        product_id = catalogue.ensure_product(
            id=f"ondemand-{plan.product.code}", name=plan.product.name, description=plan.product.description
        )
        prices = {field: _price(plan, product_id, meter) for meter, field in PRICES.items()}
        with as_worker():
            Product.objects.filter(pk=plan.product_id).update(stripe_id=product_id)
            Plan.objects.filter(pk=plan.pk).update(**prices)
    return len(plans)


PRICES = {
    "base": "stripe_base_price",
    "per_user": "stripe_user_price",
    "per_terminal": "stripe_terminal_price",
    "per_gb": "stripe_gb_price",
}


def _price(plan: Plan, product_id: str, meter: str) -> str:
    return catalogue.ensure_price(
        lookup_key=f"{plan.product.code}:{plan.code}:{meter}",
        product=product_id,
        currency=plan.currency,
        amount=getattr(plan, meter),
        monthly=meter == "base",
    )


def currency() -> str:
    """Everything in a zone is priced in its one currency."""
    return str(settings.ZONE_CURRENCY)
