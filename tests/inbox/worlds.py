"""A random world: customers at Stripe whose billing changes, and a wire that loses, doubles and shuffles events."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import stripe
from django.conf import settings
from django.db.models import Q
from django.test import Client

from customers import sync
from customers.models import Customer, Invoice, Refund, Subscription
from ondemand import inbox
from ondemand.tenancy.context import as_worker
from partners.models import Plan
from tests import factories
from tests.factories import House
from tests.inbox.events import SECRET, ring
from tests.path.walk import Walk
from tests.standins.stripe_process import DAY

DROPPED, DOUBLED = 0.3, 0.3
STEPS, MOST_DAYS = 3, 15
UNPOLLED = 14  # days; with the next wait fewer than the 30 for which Stripe keeps events
WANTED = frozenset(settings.STRIPE_WAKES)
Json = dict[str, Any]


class NothingThere(Exception):
    """Nothing that such a change could be made to."""


@dataclass
class Wire:
    """What Stripe rang and nobody has heard yet. Some events are lost on it, some come twice, none in order."""

    chance: random.Random
    waiting: list[Json] = field(default_factory=list)
    heard: int = 0

    def put(self, events: list[Json]) -> None:
        for event in events:
            if self.chance.random() >= DROPPED:
                self.waiting += [event] * (2 if self.chance.random() < DOUBLED else 1)

    def ring(self, client: Client, share: float) -> None:
        """A share of what waits, each by a signed request."""
        self.chance.shuffle(self.waiting)
        count = round(share * len(self.waiting))
        now, self.waiting = self.waiting[:count], self.waiting[count:]
        for event in now:
            assert ring(client, json.dumps(event), secret=SECRET) == 200
        self.heard += len(now)


@dataclass
class Worlds:
    """Some worlds side by side, one customer each: they share an account at Stripe and a database here."""

    walk: Walk
    chance: random.Random
    client: Client = field(default_factory=Client)
    customers: list[str] = field(default_factory=list)
    unpolled: int = 0  # days since the last poll
    hours: int = 0  # that went by since the last change
    done: Counter[str] = field(default_factory=Counter)
    seen: str = ""  # the newest event at Stripe that was put on the wire

    def __post_init__(self) -> None:
        self.wire = Wire(self.chance)
        self.v1 = self.walk.standin.v1
        plan = factories.make_plan(now=self.walk.now)
        self.house: House = factories.make_house(code="iberia", product=plan.product, now=self.walk.now)
        self.product = self.v1.products.create({"name": "OBPS"}).id
        self.price = self.v1.prices.create(
            {"product": self.product, "currency": "eur", "unit_amount": 4900, "recurring": {"interval": "month"}}
        ).id
        with as_worker():
            Plan.objects.update(stripe_base_price=self.price)
            self.plan = Plan.objects.get()

    def live(self, worlds: int) -> None:
        """Their changes, with what is heard of them and what is done about it in between."""
        for _ in range(worlds):
            self.begin()
        for _ in range(STEPS):
            if self.chance.random() < 0.3 or self.unpolled > UNPOLLED:
                inbox.poll(wanted=WANTED, now=self.walk.now)
                self.unpolled = 0
            for customer in self.customers:
                self.change(customer)
            self.listen()
            days = self.chance.randint(1, MOST_DAYS)
            self.walk.standin.advance(days * DAY)
            self.unpolled += days
            self.listen()

    def begin(self) -> None:
        card = "pm_card_visa"
        customer = self.v1.customers.create(
            {"email": "a@b.example", "payment_method": card, "invoice_settings": {"default_payment_method": card}}
        ).id
        subscription = self.v1.subscriptions.create({"customer": customer, "items": [{"price": self.price}]}).id
        here = factories.make_customer(house=self.house, plan=self.plan, now=self.walk.now)
        with as_worker():
            Subscription.objects.filter(customer=here).update(stripe_id=subscription)
            Customer.objects.filter(pk=here.pk).update(stripe_id=customer)
        self.customers.append(customer)

    def change(self, customer: str) -> None:
        """One that Stripe may refuse: then it was none."""
        act = self.chance.choice(CHANGES)
        with suppress(stripe.InvalidRequestError, stripe.CardError, NothingThere):
            act(self, customer)
            self.done[act.__name__] += 1

    def pick(self, found: Sequence[Any]) -> Any:
        if not found:
            raise NothingThere
        return self.chance.choice(found)

    def listen(self) -> None:
        self.wire.put(self.news())
        self.wire.ring(self.client, self.chance.random())
        if self.chance.random() < 0.5:
            self.take()

    def take(self, **later: int) -> None:
        inbox.take(sync.KINDS, sync.sync, now=self.walk.now + timedelta(**later))

    def settle(self) -> None:
        """Whatever is still on the wire comes; after each look the pauses of its tries go by."""
        self.wire.ring(self.client, 1)
        for _ in range(3):
            self.hours += 12
            self.take(hours=self.hours)

    def poll(self) -> None:
        """Twice: what the first brings may have us pay an open invoice with a new card, of which the second tells."""
        for _ in range(2):
            inbox.poll(wanted=WANTED, now=self.walk.now)
            self.settle()

    def news(self) -> list[Json]:
        """What happened at Stripe since the last look, whether anybody hears of it or not."""
        found: list[Json] = []
        page: Json = {"has_more": True}
        while page["has_more"]:
            after = f"&ending_before={self.seen}" if self.seen else ""
            page = self.walk.stripe(f"/v1/events?limit=100{after}")
            found += reversed(page["data"])
            self.seen = found[-1]["id"] if found else self.seen
        return found

    def wrong(self) -> list[tuple[Json, Json]]:
        """Customers of whom we say something else than Stripe: what Stripe says, and what we say."""
        pairs = [(theirs, ours(each, theirs)) for each in self.customers for theirs in [self.theirs(each)]]
        return [(theirs, mine) for theirs, mine in pairs if theirs != mine]

    def theirs(self, customer: str) -> Json:
        subscriptions = self._all(f"/v1/subscriptions?status=all&customer={customer}")
        invoices = self._all(f"/v1/invoices?customer={customer}&expand[]=data.payments")
        intents = {
            each["payment"].get("payment_intent") for invoice in invoices for each in invoice["payments"]["data"]
        }
        refunds = [each for intent in intents - {None} for each in self._all(f"/v1/refunds?payment_intent={intent}")]
        issued = [each for each in invoices if each["status"] in ("open", "paid", "uncollectible")]
        return {
            "subscriptions": {each["id"]: each["status"] for each in subscriptions},
            "invoices": {
                each["id"]: (each["status"], each["total"], each["amount_paid"], each["amount_remaining"])
                for each in invoices
            },
            "lines": sorted((line["id"], line["amount"]) for each in invoices for line in each["lines"]["data"]),
            "refunds": {each["id"]: (each["status"], each["amount"]) for each in refunds},
            "invoiced": sum(each["total"] for each in issued),
            "paid": sum(each["amount_paid"] for each in issued),
        }

    def _all(self, path: str) -> list[Json]:
        page = self.walk.stripe(f"{path}&limit=100")
        assert not page["has_more"]
        found: list[Json] = page["data"]
        return found


def ours(customer: str, theirs: Json) -> Json:
    """A draft that was deleted is gone at Stripe, and void here."""
    with as_worker():
        here = Customer.objects.get(stripe_id=customer)
        mine = Invoice.objects.filter(customer_id=here.pk)
        invoices = mine.exclude(~Q(stripe_id__in=theirs["invoices"]), state="void")
        return {
            "subscriptions": dict(Subscription.objects.filter(customer=here).values_list("stripe_id", "state")),
            "invoices": {each.stripe_id: (each.state, each.total, each.paid, each.remaining) for each in invoices},
            "lines": sorted(invoices.exclude(lines=None).values_list("lines__stripe_id", "lines__amount")),
            "refunds": {
                each.stripe_id: (each.state, each.amount) for each in Refund.objects.filter(customer_id=here.pk)
            },
            "invoiced": here.invoiced,
            "paid": here.paid,
        }


# What may happen to a customer. Each is what somebody could do at Stripe's Dashboard.


def _refund_some(worlds: Worlds, customer: str) -> None:
    worlds.v1.refunds.create({"payment_intent": _intent(worlds, customer), "amount": worlds.chance.randint(1, 2000)})


def _refund_all(worlds: Worlds, customer: str) -> None:
    worlds.v1.refunds.create({"payment_intent": _intent(worlds, customer)})


def _intent(worlds: Worlds, customer: str) -> str:
    found = worlds.v1.payment_intents.list({"customer": customer, "limit": 10}).data
    return str(worlds.pick(found).id)


def _cancel(worlds: Worlds, customer: str) -> None:
    worlds.v1.subscriptions.cancel(_subscription(worlds, customer))


def _end_with_the_cycle(worlds: Worlds, customer: str) -> None:
    ends = worlds.chance.random() < 0.5
    worlds.v1.subscriptions.update(_subscription(worlds, customer), {"cancel_at_period_end": ends})


def _subscribe_again(worlds: Worlds, customer: str) -> None:
    worlds.v1.subscriptions.create({"customer": customer, "items": [{"price": worlds.price}]})


def _subscription(worlds: Worlds, customer: str) -> str:
    found = worlds.v1.subscriptions.list({"customer": customer, "status": "all"}).data
    return str(worlds.pick(found).id)


def _bill_at_once(worlds: Worlds, customer: str) -> None:
    """An invoice of its own, left in any of the states that it can be left in."""
    worlds.v1.invoice_items.create({"customer": customer, "currency": "eur", "amount": worlds.chance.randint(50, 9000)})
    invoice = worlds.v1.invoices.create({"customer": customer, "pending_invoice_items_behavior": "include"}).id
    ending = worlds.chance.choice(("draft", "deleted", "open", "paid", "outside", "void", "uncollectible"))
    if ending == "deleted":
        worlds.v1.invoices.delete(invoice)
    elif ending != "draft":
        worlds.v1.invoices.finalize_invoice(invoice, {"auto_advance": False})
    if ending in ("paid", "outside"):
        worlds.v1.invoices.pay(invoice, {"paid_out_of_band": ending == "outside"})
    elif ending == "void":
        worlds.v1.invoices.void_invoice(invoice)
    elif ending == "uncollectible":
        worlds.v1.invoices.mark_uncollectible(invoice)


def _credit(worlds: Worlds, customer: str) -> None:
    paid = worlds.v1.invoices.list({"customer": customer, "status": "paid"}).data
    amount = worlds.chance.randint(1, 900)
    worlds.v1.credit_notes.create({"invoice": worlds.pick(paid).id, "amount": amount, "refund_amount": amount})


def _card_fails(worlds: Worlds, customer: str) -> None:
    _use_card(worlds, customer, "pm_card_chargeCustomerFail")


def _card_is_good(worlds: Worlds, customer: str) -> None:
    _use_card(worlds, customer, "pm_card_visa")


def _use_card(worlds: Worlds, customer: str, name: str) -> None:
    card = worlds.v1.payment_methods.attach(name, {"customer": customer}).id
    worlds.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": card}})


CHANGES = (
    *(_refund_some, _refund_some, _refund_all, _cancel, _end_with_the_cycle, _subscribe_again),
    *(_bill_at_once, _bill_at_once, _credit, _card_fails, _card_is_good),
)
