"""A chapter of the story: plans are changed, up at once and down with the next month, and one stays after all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customers import planning, sync
from customers.models import Subscription
from customers.quoting import PlanRefused
from instances.models import UsageCycle
from instances.services import plans
from ondemand.models import User
from ondemand.tenancy.context import Scope, as_worker
from ondemand.tenancy.roles import Role
from partners.models import Plan
from partners.services import PlanOffer, add_product, sync_catalogue
from tests.path.walk import Walk

if TYPE_CHECKING:
    from tests.path.story import Story

WORKER = Scope(Role.WORKER)


def tell(story: Story) -> None:
    """By the owner of one; for two the change is made at Stripe."""
    dearer = dearer_plan(story.walk)
    one, two = story.subscription("one"), story.subscription("two")
    with as_worker():
        starter = Plan.objects.get(code="starter", product_id=one.product_id)
        ana = User.objects.get(email="one@shops.example")
    asked: dict[str, Any] = {"at": story.now.replace(microsecond=0), "by": ana, "now": story.now}
    up = story.twice(planning.ask, one.pk, dearer, **asked, scope=WORKER, refused=PlanRefused)
    story.twice(planning.carry_out, up.pk, now=story.now)
    story.twice(plans.follow, now=story.now, scope=WORKER)
    with as_worker():  # as if they had been written before they began
        UsageCycle.objects.filter(subscription_stripe_id=one.stripe_id).update(early=True)
    story.twice(plans.price, now=story.now, scope=WORKER)
    story.wait(seconds=5)
    asked |= {"at": story.now.replace(microsecond=0), "now": story.now}
    with as_worker():
        down = planning.ask(one.pk, starter, **asked)
    story.twice(planning.withdraw, down.pk, by=ana, now=story.now, scope=WORKER)
    at_stripe(story, two, dearer)


def at_stripe(story: Story, subscription: Subscription, plan: Plan) -> None:
    v1 = story.walk.standin.v1.subscriptions
    [item] = v1.retrieve(subscription.stripe_id)["items"].data
    v1.update(subscription.stripe_id, {"items": [{"id": item.id, "price": plan.stripe_base_price}]})
    story.twice(sync.sync_subscription, subscription.stripe_id, story.now, scope=WORKER)


def dearer_plan(walk: Walk, code: str = "team", base: int = 14900) -> Plan:
    """Of retail; above 10 users, 3 terminals and 20 GB: 12.00, 9.00 and 1.50 each. Known to Stripe."""
    included = {"included_users": 10, "included_terminals": 3, "included_gb": 20}
    team = PlanOffer(code, code.title(), base, 1200, 150, 900, **included)
    with as_worker():
        add_product(code="retail", name="Retail", description="", retail=True, plans=[team], now=walk.now)
    sync_catalogue()
    with as_worker():
        return Plan.objects.select_related("product").get(product__code="retail", code=code)
