"""Random worlds: whatever is reported, in whatever order, however late, and whoever is killed while it is told to
Stripe, each peak above what is included is billed once. The oracle counts it anew; Stripe says what was billed.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from instances.models import Instance
from ondemand import clock
from partners.models import Plan
from tests import factories, stripe_contract
from tests.conftest import long_share
from tests.counts import say
from tests.standins.stripe_process import Standin
from tests.usage.oracle import Key, Report, Since, billed, plan_of
from tests.usage.world import World, make_dearer_plan, make_plan, world

EVERY_DAY, ALL = 2, 250
FIRST, SECONDS = datetime(2026, 1, 1, tzinfo=UTC), 3 * 365 * 86_400
moments = st.integers(0, SECONDS).map(lambda seconds: FIRST + timedelta(seconds=seconds))
counts = st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 8 * 1024))
heartbeats = st.tuples(
    st.just("report"),
    st.integers(0, 1),  # which instance
    st.lists(st.tuples(st.one_of(st.integers(0, 3), st.integers(0, 400)), counts), min_size=1, max_size=4),  # days ago
)
moves = st.one_of(
    heartbeats,
    heartbeats,
    heartbeats,
    st.tuples(st.just("push")),
    st.tuples(st.just("push"), st.integers(1, 8)),  # killed at that point
    st.tuples(st.just("wait"), st.integers(2, 200)),  # hours
    st.tuples(st.just("wait to the end"), st.sampled_from([-90, -5, 1, 40, 70])),  # minutes from the cycle's end
    st.tuples(st.just("boot")),
    st.tuples(st.sampled_from(["suspend", "resume"]), st.integers(0, 1)),  # which instance
    st.tuples(st.just("change the plan"), st.integers(0, 6)),  # killed at that point, 0: not
    st.tuples(st.just("withdraw")),
)


AT_STRIPE = {
    "named users": "stripe_user_price",
    "POS terminals": "stripe_terminal_price",
    "GB of disk": "stripe_gb_price",
}


class Life:
    """A world, and what the oracle must know of it. `plans`: the smaller one and the dearer one."""

    def __init__(self, shop: World, plans: tuple[Plan, Plan]) -> None:
        self.shop, self.reports, self.known = shop, set[Report](), dict[Any, int]()
        self.plans, self.changes = plans, list[Since]()
        self.kills = self.rests = 0
        shop.boot()

    @property
    def billed(self) -> dict[Key, int]:
        return billed(self.reports, self.shop.calendar, self.changes, self.shop.rests)

    def move(self, move: tuple[Any, ...]) -> None:
        match move:
            case ("report", which, days):
                self.report(which, days)
            case ("push", *at):
                self.push(*at)
            case ("wait", hours):
                self.shop.wait(hours=hours)
            case ("wait to the end", minutes):
                self.shop.wait_until(self.shop.cycle[1] + timedelta(minutes=minutes))
            case ("suspend", which):
                self.rests += self.shop.suspend(self.instance(which))
            case ("resume", which):
                self.shop.resume(self.instance(which))
            case ("change the plan", killed_at):
                self.change_plan(killed_at)
            case ("withdraw",):
                if self.shop.withdraw():
                    self.changes.pop()
            case _ if len(self.shop.instances) < 2:
                self.shop.boot()
        assert self.shop.subscription.cycle_at(self.shop.now) == self.shop.cycle

    def instance(self, which: int) -> Instance:
        return self.shop.instances[which % len(self.shop.instances)]

    def report(self, which: int, days: list[tuple[int, tuple[int, int, int]]]) -> None:
        instance = self.instance(which)
        lived = (self.shop.today - clock.usage_day(instance.created_at)).days + 1
        reports = [Report(instance.name, self.shop.today - timedelta(days=ago % lived), *used) for ago, used in days]
        assert self.shop.report(*reports).refused == []
        self.reports |= set(reports)

    def change_plan(self, killed_at: int) -> None:
        """To the other one, and whatever change is due is made at Stripe."""
        self.shop.sync()
        [*_, current] = [0, *(each.plan for each in self.changes)]
        up = current == 0
        since = self.shop.now.replace(microsecond=0) if up else self.shop.cycle[1]
        if self.shop.change_plan(self.plans[up]):
            self.changes.append(Since(since, int(up)))
        self.shop.carry_out(killed_at=killed_at)
        self.kills += bool(killed_at)

    def push(self, killed_at: int = 0) -> None:
        self.shop.push(killed_at=killed_at)
        self.kills += bool(killed_at)
        now = int(self.shop.now.timestamp())
        if not killed_at:
            open_still = self.billed
            self.known |= {key: n for key, n in open_still.items() if key.starts < now < key.ends + 3540}
        self.shop.wait(minutes=2)  # longer than a lease

    def check(self) -> None:
        """All is told at last."""
        expected = self.billed
        for _ in range(3):
            self.shop.wait(minutes=3)
            self.push()
        begun = {key: n for key, n in expected.items() if key.starts < int(self.shop.now.timestamp())}
        assert dict(self.shop.billed()) == begun
        self.check_prices()
        for invoice in self.shop.invoices():
            for key, quantity in self.shop.lines(invoice).items():
                assert invoice.period_end >= key.ends, "it was billed before its cycle's end"
                if invoice.period_end == key.ends:
                    assert quantity >= self.known.get(key, 0)
            for key, known in self.known.items():
                assert invoice.period_end != key.ends or self.shop.lines(invoice).get(key) == known

    def check_prices(self) -> None:
        for item in self.shop.items():
            if not item.proration:
                plan = self.plans[plan_of(clock.instant(item.period.start), self.changes)]
                [field] = (field for words, field in AT_STRIPE.items() if item.description.endswith(words))
                assert item.pricing.price_details.price == getattr(plan, field)


def test_each_peak_is_billed_once_whatever_happens(db: None, stripe_base: str) -> None:
    plan = make_plan(now=FIRST)
    dearer = make_dearer_plan(plan)
    house = factories.make_house(code="iberia", product=plan.product, now=FIRST)
    found = stripe_contract.description()
    contract = stripe_contract.load(found) if found else None
    figures = {"worlds": 0, "reports": 0, "changes": 0, "kills": 0, "rests": 0, "items": 0}

    @settings(
        max_examples=max(EVERY_DAY, round(ALL * long_share())),
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @seed(20260826)
    @given(began=moments, plot=st.lists(moves, min_size=15, max_size=30))
    def live(began: datetime, plot: list[tuple[Any, ...]]) -> None:
        standin = Standin(stripe_base, contract, "sk_test_" + secrets.token_hex(8))
        with world(standin, house, plan, dearer, began=began) as shop:
            life = Life(shop, (plan, dearer))
            for move in plot:
                life.move(move)
            life.check()
            figures["worlds"] += 1
            figures["reports"] += len(life.reports)
            figures["changes"] += len(life.changes)
            figures["kills"] += life.kills
            figures["rests"] += life.rests
            figures["items"] += len(shop.items())
        assert standin.http.wrong == []

    live()
    say("usage: " + ", ".join(f"{count} {what}" for what, count in figures.items()) + ", 0 wrong")
