"""Stripe does not answer, answers too late or says no: afterwards beat carries on, and nothing happened twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client, override_settings

import customers.tasks
import instances.tasks
import payments.tasks
import signup.tasks
from customers import planning
from customers.models import Customer, PlanChange, Subscription
from instances.models import Instance, UsageCycle
from instances.services import usage
from ondemand.gateway.errors import GatewayError
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from partners.models import Partner
from payments.models import Payment
from payments.services import sending
from signup.models import SignUp
from signup.services import completion
from tests.conftest import in_ci
from tests.path.conftest import forget_client
from tests.path.plans import dearer_plan
from tests.path.walk import Walk

pytestmark = in_ci

LOST_BEFORE, LOST_AFTER = ("timeout_before", "hang", "500", "429"), ("timeout_after", "500_after")


@pytest.fixture
def offered(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    """A product on sale; the clock is Stripe's."""
    monkeypatch.setattr("ondemand.clock.now", lambda: walk.now)
    walk.enrol()
    walk.offer()
    yield walk
    walk.standin.control("faults", method="DELETE")


@contextmanager
def failing(walk: Walk, match: str, fault: str) -> Iterator[None]:
    """The next such request meets the fault, and nobody waits long for it or tries again."""
    walk.standin.control("faults", {"match": match, "fault": fault, "times": 1, "seconds": 3})
    with override_settings(STRIPE_READ_SECONDS=1, STRIPE_RETRIES=0):
        forget_client()
        yield
    forget_client()


@pytest.mark.parametrize("fault", ["hang", "500"])
def test_a_completion_is_made_up_for_once(offered: Walk, client: Client, fault: str) -> None:
    offered.pay(offered.register(client)["Location"])
    with as_worker():
        waiting = SignUp.objects.get()
    with failing(offered, "GET /v1/checkout/sessions/*", fault), pytest.raises(GatewayError):
        completion.complete(waiting.pk, now=offered.now)
    offered.wait(minutes=2)
    signup.tasks.sweep()
    signup.tasks.sweep()
    with as_worker():
        assert (Customer.objects.count(), Instance.objects.count()) == (1, 1)
    assert len(offered.stripe("/v1/subscriptions?status=all")["data"]) == 1


@pytest.mark.parametrize("fault", LOST_BEFORE + LOST_AFTER)
def test_usage_is_pushed_once(offered: Walk, client: Client, fault: str) -> None:
    offered.sign_up(client)
    offered.beat(offered.boot(), {0: (12, 1, 0)})
    with as_worker():
        cycle = UsageCycle.objects.get(meter="users")
    with failing(offered, "POST /v1/invoiceitems", fault):
        assert not usage.push(cycle.pk, now=offered.now)
    offered.wait(minutes=2)
    instances.tasks.sweep()
    [item] = offered.stripe("/v1/invoiceitems?pending=true")["data"]
    assert item["quantity"] == 10
    with as_worker():
        assert not UsageCycle.objects.to_push(offered.now).exists()


@pytest.mark.parametrize("fault", LOST_BEFORE + LOST_AFTER)
def test_a_plan_is_changed_once(offered: Walk, client: Client, fault: str) -> None:
    offered.sign_up(client)
    plan, now = dearer_plan(offered), offered.now
    with as_worker():
        by, subscription = User.objects.get(username="central"), Subscription.objects.get()
        change = planning.ask(subscription.pk, plan, at=now.replace(microsecond=0), by=by, now=now)
    with failing(offered, "POST /v1/subscriptions/*", fault):
        assert not planning.carry_out(change.pk, now=offered.now)
    offered.wait(minutes=3)
    customers.tasks.sweep()
    customers.tasks.sweep()
    items = offered.stripe("/v1/invoiceitems?pending=true")["data"]
    assert sorted(item["amount"] < 0 for item in items) == [False, True]
    with as_worker():
        assert PlanChange.objects.filter(done_at__isnull=False).count() == 1
        assert Subscription.objects.get().plan_id == plan.pk


@pytest.mark.parametrize("fault", ("hang", *LOST_AFTER))
def test_money_is_sent_once(offered: Walk, client: Client, fault: str) -> None:
    payment = approved(offered, client)
    with failing(offered, "POST /v1/transfers", fault):
        assert sending.send(payment.pk, now=offered.now) == Payment.State.SENDING
    for _ in range(2):
        offered.wait(hours=1)
        payments.tasks.sweep()
    [transfer] = offered.stripe("/v1/transfers")["data"]
    assert transfer["amount"] == payment.amount
    with as_worker():
        payment.refresh_from_db()
    assert (payment.state, payment.reference) == (Payment.State.PAID, transfer["id"])


def approved(walk: Walk, client: Client) -> Payment:
    with as_worker():
        partner = Partner.objects.get()
    walk.open_bank_account(partner)
    walk.customer_pays_a_month(client)
    walk.accrue()
    walk.wait(days=31)
    return walk.approve_payment()
