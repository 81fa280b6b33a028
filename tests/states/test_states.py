"""Every state that billing can be in: invoiced, paid and earned agree with what Stripe says, to the cent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import Any

from django.db.models import Sum

from commissions.models import Commission, CommissionTerms
from customers import sync
from customers.models import Customer, Invoice
from ondemand import clock, inbox
from ondemand.tenancy.context import as_worker
from partners.models import Plan
from tests import factories
from tests.conftest import in_ci
from tests.path.walk import WANTED, Walk
from tests.states.cases import CASES, Life
from tests.states.desk import Desk
from tests.states.oracle import Oracle

pytestmark = in_ci

KINDS = tuple(kind for kind in sync.KINDS if kind != "customer")
ONCE = {"users": 1_333, "disk": 217, "tiny": 31}
MONTHLY = {"base": 4_900, "larger": 9_900, "other": 3_333}
RATES = {"obps": 2_000, "retail": 1_250}  # basis points
A_MONTH = 32


@dataclass
class States:
    walk: Walk
    lives: dict[str, Life] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)  # Stripe's ids

    def __post_init__(self) -> None:
        now, self.v1 = self.walk.now, self.walk.standin.v1
        self.plans = [factories.make_plan(now=now), factories.make_plan(now=now, code="retail")]
        self.house = factories.make_house(code="iberia", product=self.plans[0].product, now=now)
        self.prices = self._prices()
        of_product = {"other": "retail"}
        rates = {id: Fraction(RATES[of_product.get(name, "obps")], 10_000) for name, id in self.prices.items()}
        self.oracle = Oracle(self.v1, rates)
        with as_worker():
            self._sell()

    def _prices(self) -> dict[str, str]:
        product = self.v1.products.create({"name": "OBPS"}).id
        given: Any = {"product": product, "currency": "eur"}
        made = {name: given | {"unit_amount": amount} for name, amount in (ONCE | MONTHLY).items()}
        for name in MONTHLY:
            made[name] |= {"recurring": {"interval": "month"}}
        return {name: self.v1.prices.create(each).id for name, each in made.items()}

    def _sell(self) -> None:
        """Two products; the first has a larger plan as well."""
        first, second = self.plans
        at_stripe = {"users": "stripe_user_price", "disk": "stripe_gb_price", "tiny": "stripe_terminal_price"}
        fields = {field: self.prices[name] for name, field in at_stripe.items()}
        Plan.objects.filter(pk=first.pk).update(stripe_base_price=self.prices["base"], **fields)
        Plan.objects.filter(pk=second.pk).update(stripe_base_price=self.prices["other"])
        larger = Plan.objects.get(pk=first.pk)
        larger.pk, larger.code, larger.stripe_base_price = None, "larger", self.prices["larger"]
        larger.stripe_user_price = larger.stripe_gb_price = larger.stripe_terminal_price = ""
        larger.save(force_insert=True)
        for plan, rate in zip(self.plans, RATES.values(), strict=True):
            CommissionTerms.objects.create(
                partner=self.house.partner,
                product=plan.product,
                rate=rate,
                starts=clock.business_day(self.walk.now - timedelta(days=400)),
                created_at=self.walk.now,
                created_by="test",
            )

    def begin(self) -> None:
        card = "pm_card_visa"
        given: Any = {"payment_method": card, "invoice_settings": {"default_payment_method": card}}
        for life in CASES:
            customer = self.v1.customers.create(given).id
            here = factories.make_customer(house=self.house, plan=self.plans[0], now=self.walk.now)
            with as_worker():
                Customer.objects.filter(pk=here.pk).update(stripe_id=customer)
            self.customers[life.__name__] = customer
            self.lives[life.__name__] = life(Desk(self.walk.standin, self.prices, customer))

    def go_on(self) -> bool:
        """Everyone who still has something to happen; then it is heard of."""
        going = [name for name, life in self.lives.items() if next(life, self) is None]
        self.hear()
        return bool(going)

    def hear(self) -> None:
        self.walk.wait(days=1)
        inbox.poll(wanted=WANTED, now=self.walk.now)
        for hours in (0, 12):  # a note that comes before its invoice is tried again
            inbox.take(KINDS, sync.sync, now=self.walk.now + timedelta(hours=hours))
        self.walk.accrue()

    def wrong(self) -> dict[str, Any]:
        """By case: what Stripe says, and what we say."""
        both = {name: (self.oracle.says(id), self.we_say(id)) for name, id in self.customers.items()}
        return {name: said for name, said in both.items() if said[0] != said[1]}

    def we_say(self, customer: str) -> dict[str, Any]:
        with as_worker():
            here = Customer.objects.get(stripe_id=customer)
            invoices = Invoice.objects.filter(customer_id=here.pk)
            states = dict(invoices.exclude(state="void", effective_at=None).values_list("stripe_id", "state"))
            earned = Commission.objects.filter(customer_id=here.pk).values_list("currency").annotate(Sum("amount"))
            commission = {currency: amount for currency, amount in earned.order_by("currency") if amount}
        totals = {"invoiced": here.invoiced, "paid": here.paid}
        return {
            "states": states,
            "commission": commission,
            **{name: {here.currency: total} if total else {} for name, total in totals.items()},
        }


def test_invoiced_paid_and_earned_agree_with_stripe_in_every_state(walk: Walk) -> None:
    states = States(walk)
    states.begin()
    going = True
    while going:
        going = states.go_on()
        assert states.wrong() == {}
    walk.wait(days=A_MONTH)
    states.hear()
    assert states.wrong() == {}
    with as_worker():
        kinds = Counter(Commission.objects.values_list("kind", flat=True))
    assert min(kinds["earning"], kinds["reversal"], kinds["reinstatement"]) > 0
