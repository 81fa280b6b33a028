"""One burst of `manage.py bench sync`: new subscriptions at the stand-in, then the jobs until all of it is here."""

from __future__ import annotations

import json
import time
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

import commissions.tasks
import customers.tasks
import ondemand.tasks
from commissions.models import Commission
from customers.models import Customer, InvoiceLine, Subscription
from customers.sync import KINDS
from ondemand import clock, hints
from ondemand.models import StripeEvent
from ondemand.tenancy.context import as_worker
from partners.models import Plan

EACH = 12  # about so many events does a new subscription make
PRICE = {"currency": "eur", "unit_amount": "4900", "recurring[interval]": "month", "product_data[name]": "OBPS"}
CARD = "pm_card_visa"
Json = dict[str, Any]


class Command(BaseCommand):
    help = "Within manage.py bench sync alone: it needs a throw-away database and an account at the stand-in."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("events", type=int, help="about so many")

    def handle(self, *, events: int, **options: Any) -> None:
        price = str(_asked("prices", PRICE)["id"])
        with as_worker():
            Plan.objects.filter(pk=Plan.objects.earliest("pk").pk).update(stripe_base_price=price)
            chosen = list(Customer.objects.order_by("pk").values_list("pk", flat=True)[: events // EACH])
        with hints.muted():
            _come()
            before = _stored()
            subscriptions = [_subscribe(customer, price) for customer in chosen]
            began = time.perf_counter()
            _come()
            seconds = time.perf_counter() - began
        whole = sum(_is_whole(each) for each in subscriptions)
        came, lost = _stored() - before, len(subscriptions) - whole
        self.stdout.write(json.dumps({"events": came, "seconds": seconds, "lost": lost}))


def _asked(path: str, form: dict[str, str]) -> Json:
    """Stripe's stand-in, as a stranger asks it."""
    answer = requests.post(
        f"{settings.STRIPE_API_BASE}/v1/{path}", form, auth=(settings.STRIPE_SECRET_KEY, ""), timeout=60
    )
    answer.raise_for_status()
    found: Json = answer.json()
    return found


def _subscribe(customer: int, price: str) -> str:
    """The customer is another one at Stripe now, and subscribes: that rings about a dozen times."""
    form = {"email": "a@b.example", "payment_method": CARD, "invoice_settings[default_payment_method]": CARD}
    made = str(_asked("customers", form)["id"])
    with as_worker():
        Customer.objects.filter(pk=customer).update(stripe_id=made)
    return str(_asked("subscriptions", {"customer": made, "items[0][price]": price})["id"])


def _come() -> None:
    """What the workers do, in turn, until no event waits."""
    ondemand.tasks.poll_events()
    while _waits():
        customers.tasks.take_events()
    commissions.tasks.accrue()


def _waits() -> bool:
    with as_worker():
        return StripeEvent.objects.waiting(clock.now()).about(KINDS).exists()


def _stored() -> int:
    with as_worker():
        return StripeEvent.objects.count()


def _is_whole(subscription: str) -> bool:
    """The subscription is here, its invoice paid, and something earned by it."""
    with as_worker():
        here = Subscription.objects.filter(stripe_id=subscription, state="active")
        lines = InvoiceLine.objects.filter(invoice__subscription_stripe_id=subscription, invoice__state="paid")
        return here.exists() and Commission.objects.filter(line__in=lines, kind="earning").exists()
