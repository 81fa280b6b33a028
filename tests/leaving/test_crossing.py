"""A cancellation, its undoing, a change of plan, and what Stripe says of them, crossing each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from customers import cancelling, planning, sync
from customers.models import Cancellation, PlanChange, Subscription
from ondemand import inbox
from ondemand.gateway import subscriptions
from ondemand.tenancy.context import as_worker
from partners.models import Plan
from tests import factories
from tests.conftest import in_ci
from tests.standins.stripe_process import Standin
from tests.usage.world import World, dying, make_plan, world

pytestmark = in_ci

BEGAN = datetime(2027, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def made(fresh_database: str, standin: Standin) -> Iterator[World]:
    plan = make_plan(now=BEGAN)
    partner = factories.make_house(code="iberia", product=plan.product, now=BEGAN)
    with world(standin, partner, plan, began=BEGAN) as made:
        factories.make_person(customer=made.customer, email="ana@acme.example")
        yield made


def cancel(made: World, *, now: datetime | None = None) -> Cancellation:
    with as_worker():
        by = made.customer.people.get().user
        said: dict[str, Any] = {"reason": "price", "text": "", "by": by, "now": now or made.now}
        return cancelling.cancel(made.subscription.pk, **said)


def undo(cancellation: Cancellation, now: datetime) -> None:
    with as_worker():
        assert cancelling.undo(cancellation.pk, by=cancellation.by, now=now)


def tell_all(now: datetime) -> None:
    with as_worker():
        waiting = list(Cancellation.objects.to_tell(now).order_by("-pk").values_list("pk", flat=True))
    for pk in waiting:
        cancelling.tell(pk, now=now)


def end_at_stripe(made: World) -> int | None:
    return made.standin.v1.subscriptions.retrieve(made.subscription.stripe_id).cancel_at


def stands(made: World, cancellation: Cancellation) -> bool:
    with as_worker():
        cancellation.refresh_from_db()
        made.subscription.refresh_from_db()
    ends = cancellation.ends_at
    return cancellation.undone_at is None and (made.subscription.cancel_at, end_at_stripe(made)) == (
        ends,
        int(ends.timestamp()),
    )


def test_who_looked_at_stripe_before_it_knew_undoes_nothing(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cancellation, now, fetch = cancel(made), made.now, subscriptions.fetch_subscription

    def tell() -> None:
        cancelling.tell(cancellation.pk, now=now)
        connection.close()

    telling = Thread(target=tell)

    def look(id: str) -> subscriptions.SubscriptionFacts:
        facts = fetch(id)
        if telling.ident is None:
            telling.start()
            telling.join(timeout=2)
        return facts

    made.wait(seconds=5)
    monkeypatch.setattr(subscriptions, "fetch_subscription", look)
    with as_worker():
        inbox.lock_object("", made.subscription.stripe_id)
        sync.sync("subscription", made.subscription.stripe_id, made.now)
    telling.join()
    assert stands(made, cancellation)


def test_who_cancels_again_before_stripe_knew_of_the_undoing_leaves(made: World) -> None:
    first = cancel(made)
    undo(first, made.now)
    again = cancel(made)
    tell_all(made.now)
    made.wait(seconds=5)
    made.sync()
    assert again.pk != first.pk
    assert stands(made, again)


def test_while_a_call_about_the_undoing_may_be_under_way_the_next_end_waits(made: World) -> None:
    first, now = cancel(made), made.now
    assert cancelling.tell(first.pk, now=now)
    undo(first, now)
    with dying(3):
        cancelling.tell(first.pk, now=now)
    with as_worker():
        Subscription.objects.update(cancel_at=None)  # as an event told that came before the one that was killed
    again = cancel(made, now=now)
    with as_worker():
        assert not Cancellation.objects.to_tell(now + timedelta(seconds=60)).exists()
    tell_all(now + 2 * cancelling.LEASE)
    assert stands(made, again)


def cheaper(made: World) -> Plan:
    with as_worker():
        plan = Plan.objects.get(pk=made.plan.pk)
        plan.pk, plan.code, plan.name, plan.base = None, "mini", "Mini", 1900
        plan.stripe_user_price = plan.stripe_terminal_price = plan.stripe_gb_price = ""
        plan.stripe_base_price = made.shop.price(plan.base, recurring={"interval": "month"})
        plan.save(force_insert=True)
        return plan


def change_to(made: World, plan: Plan) -> PlanChange:
    now = made.now.replace(microsecond=0)
    with as_worker():
        return planning.ask(made.subscription.pk, plan, at=now, by=made.customer.people.get().user, now=now)


def test_a_plan_that_would_begin_as_the_subscription_ends_is_withdrawn(made: World) -> None:
    change, ends = change_to(made, cheaper(made)), made.cycle[1]
    made.standin.v1.subscriptions.update(made.subscription.stripe_id, {"cancel_at": int(ends.timestamp())})
    made.wait_until(ends - timedelta(minutes=30))
    planning.carry_out(change.pk, now=made.now)
    with as_worker():
        change.refresh_from_db()
    assert change.done_at is None
    assert change.withdrawn_at is not None
    item = made.standin.v1.subscriptions.retrieve(made.subscription.stripe_id)["items"].data[0]
    assert item.price.id == made.shop.base
