"""Rows for every page: the fixed cast, with customers, instances, commissions and payments of each kind."""

from __future__ import annotations

from datetime import datetime, timedelta

from commissions.models import Commission
from customers.models import Customer
from instances.models import Instance
from ondemand import clock
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.factories import Cast

OWNER, PERSON, EMPTY = "owner@iberia.example", "ana@central.example", "owner@nordic.example"
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
    factories.make_person(customer=customers[0], email=PERSON)
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
    }


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
