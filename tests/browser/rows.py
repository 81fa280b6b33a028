"""Rows for every page: the fixed cast, with customers, instances, commissions and payments of each kind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from commissions.models import Commission
from customers.models import Customer
from instances.models import Instance
from instances.services.help import ask
from ondemand import audit, clock
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from signup.models import Doubt, SignUp
from tests import factories
from tests.factories import Cast

OWNER, PERSON, EMPTY = "owner@iberia.example", "ana@central.example", "owner@nordic.example"
HELPER = "support@iberia.example"  # is in the first customer's account
STATES = Customer.State.values


def make_rows() -> dict[str, object]:
    """What stands in the pages' addresses."""
    now = clock.now()
    cast = factories.make_cast(now=now)
    customers = make_customers(cast, now)
    instances = [factories.make_instance(customer=customer, now=now) for customer in customers]
    fail(instances[1])
    use(instances[0], now)
    earn(customers[0], now)
    factories.make_bank_account(house=cast.iberia, now=now)
    person = factories.make_person(customer=customers[0], email=PERSON)
    act(cast, customers[0], person, now)
    with as_worker():
        ask(customers[0], by=person, text="The till prints nothing.", instance=instances[0], now=now)
    signup = factories.make_signup(house=cast.iberia, plan=cast.plan, now=now, instance=instances[0])
    payment = factories.make_payment(house=cast.iberia, cast=cast)
    with as_worker():
        commission = Commission.objects.earliest("pk")
    return {
        "customer": customers[0].pk,
        "instance": instances[0].pk,
        "failed": instances[1].pk,
        "commission": commission.pk,
        "payment": payment.pk,
        "slug": cast.iberia.campaign.slug,
        "signup": signup.public_id,
        "visit": factories.make_login(customer=customers[0], by=cast.iberia.support, now=now).session,
        "held": decide_on(cast, now, state=SignUp.State.REVIEW),
        "refused": decide_on(cast, now, state=SignUp.State.REFUSED),
    }


def decide_on(cast: Cast, now: datetime, *, state: str) -> UUID:
    """A sign-up that was held."""
    signup = factories.make_signup(house=cast.iberia, plan=cast.plan, now=now)
    with as_worker():
        SignUp.objects.filter(pk=signup.pk).update(state=state, doubts=[Doubt.RISK, Doubt.COUNTRY], held_at=now)
    return signup.public_id


def make_customers(cast: Cast, now: datetime) -> list[Customer]:
    """One in each state."""
    return [
        factories.make_customer(
            house=cast.iberia,
            plan=cast.plan,
            now=now,
            name=f"A company whose name is long, S.L. ({state})",
            state=state,
        )
        for state in STATES
    ]


def fail(instance: Instance) -> None:
    with as_worker():
        Instance.objects.filter(pk=instance.pk).update(state=Instance.State.FAILED, error="The database failed.")


def use(instance: Instance, now: datetime) -> None:
    factories.make_cycle(instance=instance, now=now)
    for ago in range(30):
        factories.make_reading(instance=instance, day=clock.usage_day(now - timedelta(days=ago)), users=ago % 9)


def earn(customer: Customer, now: datetime) -> None:
    for ago in range(3):
        factories.make_earnings(customer=customer, at=now - timedelta(days=40 * ago), amounts=(40_000, 999))


def act(cast: Cast, customer: Customer, person: User, now: datetime) -> None:
    """What each side's trail shows."""
    house, mine = cast.iberia, dict[str, Any](partner_id=cast.iberia.partner.pk)
    theirs = mine | {"customer_id": customer.pk}
    with as_worker(), audit.coming_from("2001:db8:85a3:8d3:1319:8a2e:370:7348"):
        invited: dict[str, Any] = {"now": now, "target": "somebody.with.a.long.name@iberia.example"}
        audit.record("member.invited", actor=house.owner, role="finance", **mine, **invited)
        audit.record("person.invited", actor=person, role="billing", **theirs, **invited)
        reason: dict[str, Any] = {"target": customer.name, "reason": "The till prints nothing since the update."}
        audit.record("login_as.entered", now=now, actor=house.support, **theirs, **reason)
        audit.record("list.exported", now=now, actor=house.finance, **mine, list="customers", rows=1234)
        audit.record("terms.agreed", now=now, actor=cast.staff, **mine, target="obps", rate=2250, starts="2026-01-01")
