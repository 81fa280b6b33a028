"""One subscription at Stripe's stand-in, with instances here that report; time moves when it is told to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import requests
import stripe
from django.test import override_settings

from customers import planning, sync
from customers.models import Customer, PlanChange, Subscription
from customers.quoting import PlanRefused
from instances.models import Instance, Suspension, UsageCycle
from instances.services import heartbeats, plans, suspensions, usage
from ondemand import clock, signing
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners.models import Plan
from tests import factories
from tests.path.conftest import forget_client, held_against
from tests.standins.stripe_process import Standin
from tests.usage.oracle import Calendar, Key, Report, Rests

STAFF = Suspension.Cause.STAFF
PRICES = {"per_user": 1500, "per_terminal": 1000, "per_gb": 200}
INCLUDED = {"included_users": 2, "included_terminals": 1, "included_gb": 5}
AT_STRIPE = {"per_user": "stripe_user_price", "per_terminal": "stripe_terminal_price", "per_gb": "stripe_gb_price"}


def make_plan(*, now: datetime) -> Plan:
    """Base 49.00; above 2 users, 1 terminal and 5 GB: 15.00, 10.00 and 2.00 each."""
    plan = factories.make_plan(now=now)
    with as_worker():
        Plan.objects.filter(pk=plan.pk).update(**PRICES, **INCLUDED)
        return Plan.objects.select_related("product").get(pk=plan.pk)


def make_dearer_plan(plan: Plan) -> Plan:
    """Base 149.00; above 4 users, 2 terminals and 7 GB: 12.00, 9.00 and 1.50 each."""
    units = {"per_user": 1200, "per_terminal": 900, "per_gb": 150}
    included = {"included_users": 4, "included_terminals": 2, "included_gb": 7}
    named = {"product": plan.product, "code": "team", "name": "Team", "currency": plan.currency, "base": 14900}
    with as_worker():
        return Plan.objects.create(**named, **units, **included)


class Shop:
    """The plans' prices at one account of Stripe's."""

    def __init__(self, standin: Standin, plan: Plan, *others: Plan) -> None:
        self.v1, self.currency = standin.v1, plan.currency.lower()
        self.product = self.v1.products.create({"name": "Retail"}).id
        self.base = self.offer(plan)
        for other in others:
            self.offer(other)

    def offer(self, plan: Plan) -> str:
        made = {"stripe_base_price": self.price(plan.base, recurring={"interval": "month"})}
        made |= {field: self.price(getattr(plan, meter)) for meter, field in AT_STRIPE.items()}
        with as_worker():
            Plan.objects.filter(pk=plan.pk).update(**made)
            plan.refresh_from_db()
        return made["stripe_base_price"]

    def price(self, amount: int, **more: Any) -> str:
        given = {"product": self.product, "currency": self.currency, "unit_amount": amount, **more}
        return self.v1.prices.create(given).id  # type: ignore[arg-type]

    def customer(self) -> str:
        made = self.v1.customers.create({"name": "Acme", "email": "ana@acme.example", "payment_method": "pm_card_visa"})
        method = self.v1.customers.payment_methods.list(made.id).data[0].id
        self.v1.customers.update(made.id, {"invoice_settings": {"default_payment_method": method}})
        return made.id

    def subscription(self, customer: str, anchor: datetime) -> stripe.Subscription:
        return self.v1.subscriptions.create(
            {
                "customer": customer,
                "items": [{"price": self.base}],
                "billing_mode": {"type": "flexible"},
                "billing_cycle_anchor": int(anchor.timestamp()),
                "proration_behavior": "create_prorations",
            }
        )


class Killed(BaseException):
    """Nobody catches it, as nobody catches kill -9."""


@dataclass
class World:
    standin: Standin
    house: factories.House
    plan: Plan
    customer: Customer
    subscription: Subscription
    shop: Shop
    instances: list[Instance] = field(default_factory=list)

    def begin(self) -> None:
        """The subscription's first cycle, as the sign-up orders it."""
        payer = self.shop.customer()
        made = self.shop.subscription(payer, Subscription.first_cycle_end(self.now))
        with as_worker():
            Customer.objects.filter(pk=self.customer.pk).update(stripe_id=payer)
            Subscription.objects.filter(pk=self.subscription.pk).update(stripe_id=made.id)
            self.customer.refresh_from_db()
            self.subscription.refresh_from_db()
        self.sync()

    @property
    def now(self) -> datetime:
        return clock.instant(self.standin.now() + 1)

    @property
    def today(self) -> date:
        return clock.usage_day(self.now)

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.subscription.started_at, self.subscription.anchor)

    @property
    def cycle(self) -> tuple[datetime, datetime]:
        """Stripe's own period."""
        item = self.standin.v1.subscriptions.retrieve(self.subscription.stripe_id)["items"].data[0]
        return clock.instant(item.current_period_start), clock.instant(item.current_period_end)

    def wait(self, **span: float) -> None:
        self.standin.advance(int(timedelta(**span).total_seconds()))

    def wait_until(self, at: datetime) -> None:
        self.standin.advance(max(0, int(at.timestamp()) - self.standin.now()))

    def boot(self, name: str = "") -> Instance:
        instance = factories.make_instance(customer=self.customer, now=self.now)
        began = self.now - timedelta(seconds=1)
        with as_worker():
            Instance.objects.filter(pk=instance.pk).update(created_at=began, name=name or instance.name)
            instance.refresh_from_db()
        self.instances.append(instance)
        return instance

    def report(self, *reports: Report) -> heartbeats.Outcome:
        """One heartbeat of the reports' instance."""
        [name] = {report.instance for report in reports}
        instance = next(each for each in self.instances if each.name == name)
        used = [
            {
                "day": each.day.isoformat(),
                "named_users": each.users,
                "pos_terminals": each.terminals,
                "disk_mb": each.disk_mb,
            }
            for each in reports
        ]
        body, now = json.dumps({"version": "26.4", "readings": used}).encode(), self.now
        with tenant(Scope(Role.MACHINE)):
            return heartbeats.receive(
                body,
                instance_id=str(instance.public_id),
                signature=signing.sign(body, key=instance.heartbeat_key, now=now),
                now=now,
            )

    def use(self, instance: Instance, users: int, *, ago: int = 0, terminals: int = 0, disk_mb: int = 0) -> None:
        day = self.today - timedelta(days=ago)
        assert self.report(Report(instance.name, day, users, terminals, disk_mb)).refused == []

    def suspend(self, instance: Instance) -> bool:
        with as_worker():
            return suspensions.suspend(instance.pk, STAFF, reason="asked for", now=self.now)

    def resume(self, instance: Instance) -> bool:
        with as_worker():
            return suspensions.resume(instance.pk, STAFF, reason="asked for", now=self.now)

    @property
    def rests(self) -> Rests:
        """As it was done, by the rows' own instants."""
        names, found = {each.pk: each.name for each in self.instances}, dict[str, list[Any]]()
        with as_worker():
            mine = Suspension.objects.filter(instance__in=list(names))
            for pk, *span in mine.values_list("instance_id", "opened_at", "closed_at"):
                found.setdefault(names[pk], []).append(tuple(span))
        return found

    def push(self, *, killed_at: int = 0) -> None:
        """What the sweep does now; it dies as its request of that number is sent, or answered (0: it lives)."""
        now = self.now
        with as_worker():
            plans.price(now=now)
            waiting = list(UsageCycle.objects.to_push(now).order_by("pk").values_list("pk", flat=True))
        with dying(killed_at):
            for cycle_id in waiting:
                usage.push(cycle_id, now=now)

    def change_plan(self, plan: Plan) -> bool:
        """The customer asks for it. False where it is refused."""
        asked: dict[str, Any] = {"at": self.now.replace(microsecond=0), "by": self.house.owner, "now": self.now}
        try:
            with as_worker():
                planning.ask(self.subscription.pk, plan, **asked)
        except PlanRefused:
            return False
        return True

    def withdraw(self) -> bool:
        with as_worker():
            change = PlanChange.objects.open().filter(subscription=self.subscription).first()
            return change is not None and planning.withdraw(change.pk, by=self.house.owner, now=self.now)

    def carry_out(self, *, killed_at: int = 0) -> None:
        """As `push`, of changes of plan."""
        now = self.now
        with as_worker():
            waiting = list(PlanChange.objects.to_carry_out(now).values_list("pk", flat=True))
        with dying(killed_at):
            for change_id in waiting:
                planning.carry_out(change_id, now=now)

    def sync(self) -> None:
        """As the inbox does with an event of each object."""
        ids = [each.id for each in self.standin.v1.invoices.list({"customer": self.customer.stripe_id}).data]
        for kind, stripe_id in [("subscription", self.subscription.stripe_id), *(("invoice", id) for id in ids)]:
            with as_worker():
                sync.sync(kind, stripe_id, self.now)
        with as_worker():
            self.subscription.refresh_from_db()

    def items(self) -> list[Any]:
        given: Any = {"customer": self.customer.stripe_id, "limit": 100}
        return list(self.standin.v1.invoice_items.list(given).auto_paging_iter())

    def billed(self) -> Counter[Key]:
        """What Stripe has of each instance, meter and cycle: invoiced, or waiting to be."""
        found: Counter[Key] = Counter()
        for item in self.items():
            if item.quantity and not item.proration:
                found[Key(item.description, item.period.start, item.period.end)] += item.quantity
        return found

    def lines(self, invoice: Any) -> dict[Key, int]:
        """The usage that is on one invoice."""
        found = {}
        for line in invoice.lines.data:
            if line.parent.type == "invoice_item_details" and not line.parent.invoice_item_details.proration:
                found[Key(line.description, line.period.start, line.period.end)] = line.quantity
        return found

    def invoices(self) -> list[Any]:
        """Newest first."""
        return self.standin.v1.invoices.list({"customer": self.customer.stripe_id, "limit": 100}).data


@contextmanager
def dying(at: int) -> Iterator[None]:
    """Whoever sends a request dies at its point number `at`: as one is sent, or its answer has come."""
    met, send = 0, requests.adapters.HTTPAdapter.send

    def meet() -> None:
        nonlocal met
        met += 1
        if met == at:
            raise Killed

    def asked(*given: Any, **named: Any) -> requests.Response:
        meet()
        answer = send(*given, **named)
        meet()
        return answer

    with pytest.MonkeyPatch.context() as patch, suppress(Killed):
        patch.setattr(requests.adapters.HTTPAdapter, "send", asked)
        yield


@contextmanager
def world(standin: Standin, house: factories.House, plan: Plan, *others: Plan, began: datetime) -> Iterator[World]:
    """A customer whose subscription begins then, in an account of Stripe's that was empty; nothing boots yet."""
    at = {"STRIPE_API_BASE": standin.base, "STRIPE_SECRET_KEY": standin.key, "STRIPE_MODE": "standin"}
    with override_settings(**at), held_against(standin):
        forget_client()
        standin.control("clock", {"advance_to": int(began.timestamp()), "ahead": True})
        shop = Shop(standin, plan, *others)
        customer = factories.make_customer(house=house, plan=plan, now=began)
        with as_worker():
            subscription = customer.subscriptions.get()
        made = World(standin, house, plan, customer, subscription, shop)
        made.begin()
        yield made
    forget_client()
