"""Plans that change within a month: what is invoiced and what the partner earns agree with Stripe to the cent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

import customers.tasks
from commissions.models import Commission
from commissions.services import terms
from customers import planning, upcoming
from customers.models import Invoice, InvoiceLine, PlanChange, Subscription, UpcomingInvoice
from customers.quoting import PlanRefused, Quote, quote
from instances.models import Instance
from ondemand import clock
from ondemand.models import Mail, User
from ondemand.money import divide
from ondemand.tenancy.context import as_worker, tenant
from partners.models import Plan
from tests.conftest import in_ci
from tests.path.plans import dearer_plan
from tests.path.walk import STAFF, Walk
from tests.scenarios.books import earned, last_invoice

pytestmark = in_ci

STARTER, TEAM, BIG = 4_900, 14_900, 39_900


def subscription() -> Subscription:
    with as_worker():
        return Subscription.objects.select_related("plan", "product", "customer").get()


def starter() -> Plan:
    with as_worker():
        return Plan.objects.select_related("product").get(product__code="retail", code="starter")


def owner() -> User:
    with as_worker():
        return User.objects.get(email="ana@central.example")


def ask(walk: Walk, plan: Plan, *, at: datetime | None = None) -> PlanChange:
    asked: dict[str, Any] = {"at": at or walk.now.replace(microsecond=0), "by": owner(), "now": walk.now}
    now = subscription().pk
    with as_worker():
        return planning.ask(now, plan, **asked)


def upgrade(walk: Walk, plan: Plan) -> tuple[Quote, datetime]:
    """What was shown, and from which second it counts."""
    quoted = quote(subscription(), plan, now=walk.now)
    assert planning.carry_out(ask(walk, plan, at=quoted.at).pk, now=walk.now)
    return quoted, quoted.at


def next_invoice(walk: Walk) -> Invoice:
    """The one of the renewal that is to come, paid and known here."""
    walk.wait(seconds=int((subscription().period_end - walk.now).total_seconds()) + 7200)
    walk.take_events()
    walk.accrue()
    return last_invoice()


def sweep_before_the_end(walk: Walk, *, minutes: int = 30) -> None:
    left = subscription().period_end - timedelta(minutes=minutes) - walk.now
    walk.wait(seconds=int(left.total_seconds()))
    customers.tasks.sweep()


def lines(invoice: Invoice) -> list[InvoiceLine]:
    with as_worker():
        return list(invoice.lines.select_related("plan").order_by("position"))


def of_plan(invoice: Invoice) -> list[tuple[str, int]]:
    """Of base prices alone, sorted."""
    base = (line for line in lines(invoice) if line.meter == InvoiceLine.Meter.BASE)
    return sorted((line.plan.code if line.plan else "", line.amount) for line in base)


def share(base: int, since: datetime) -> int:
    """What a month's base comes to from then to the month's end."""
    now = subscription()
    whole = int((now.period_end - now.period_start).total_seconds())
    return divide(base * int((now.period_end - since).total_seconds()), whole)


def agrees_with_stripe(walk: Walk, invoice: Invoice) -> None:
    theirs: Any = walk.stripe(f"/v1/invoices/{invoice.stripe_id}")
    assert [line["amount"] for line in theirs["lines"]["data"]] == [line.amount for line in lines(invoice)]
    assert (theirs["total"], theirs["amount_paid"]) == (invoice.total, invoice.paid)


def mails(template: str) -> int:
    with as_worker():
        return Mail.objects.filter(recipient="ana@central.example", key__contains=template).count()


def test_changed_up_twice_within_a_month_each_change_credits_and_charges_the_rest(month: Walk) -> None:
    team, big = dearer_plan(month), dearer_plan(month, "big", BIG)
    month.wait(days=5)
    first, at_first = upgrade(month, team)
    month.wait(days=9)
    second, at_second = upgrade(month, big)
    parts = [
        ("starter", -share(STARTER, at_first)),
        ("team", share(TEAM, at_first)),
        ("team", -share(TEAM, at_second)),
        ("big", share(BIG, at_second)),
    ]
    assert first.rest == parts[0][1] + parts[1][1] > 0
    assert second.rest == parts[2][1] + parts[3][1] > 0
    invoice = next_invoice(month)
    assert of_plan(invoice) == sorted([*parts, ("big", BIG)])
    assert invoice.total == second.due
    agrees_with_stripe(month, invoice)
    assert earned(invoice) == sum(divide(line.amount * 2000, 10_000) for line in lines(invoice))
    assert mails("plan_changed") == 2


def test_what_is_credited_takes_the_terms_under_which_it_was_earned(month: Walk) -> None:
    team, by = dearer_plan(month), month.staff("staff")
    partner = subscription().partner_id
    month.wait(days=3)
    with tenant(STAFF):
        found = Commission.objects.filter(partner_id=partner).select_related("partner", "product").first()
        assert found and found.product
        starts = clock.business_day(month.now)
        given: dict[str, Any] = {"rate": 3000, "hold_days": 30, "starts": starts, "now": month.now, "actor": by}
        terms.agree(partner=found.partner, product=found.product, **given)
    month.wait(days=3)
    _, at = upgrade(month, team)
    credit, charge = -share(STARTER, at), share(TEAM, at)
    invoice = next_invoice(month)
    with as_worker():
        rows = dict(Commission.objects.filter(line__invoice=invoice).values_list("line__amount", "rate"))
        amounts = dict(Commission.objects.filter(line__invoice=invoice).values_list("line__amount", "amount"))
    assert (rows[credit], rows[charge], rows[TEAM]) == (2000, 3000, 3000)
    assert amounts[credit] == divide(credit * 2000, 10_000)
    assert amounts[charge] == divide(charge * 3000, 10_000)


def test_down_it_changes_with_the_next_month_and_without_prorations(month: Walk) -> None:
    team = dearer_plan(month)
    upgrade(month, team)
    next_invoice(month)
    change = ask(month, starter())
    ends = subscription().period_end
    assert (change.takes_effect_at, subscription().plan) == (ends, team)
    upcoming.look(subscription().pk, now=month.now)
    with as_worker():
        assert UpcomingInvoice.objects.get().total == STARTER
    customers.tasks.sweep()
    assert subscription().plan == team, "it is not due yet"
    sweep_before_the_end(month)
    invoice = next_invoice(month)
    assert of_plan(invoice) == [("starter", STARTER)]
    assert invoice.total == STARTER
    agrees_with_stripe(month, invoice)
    assert (mails("plan_will_change"), mails("plan_changed")) == (1, 2)


def test_withdrawn_nothing_changes(month: Walk) -> None:
    team = dearer_plan(month)
    upgrade(month, team)
    next_invoice(month)
    change, ana = ask(month, starter()), owner()
    with as_worker():
        assert planning.withdraw(change.pk, by=ana, now=month.now)
        assert not planning.withdraw(change.pk, by=ana, now=month.now)
    sweep_before_the_end(month)
    assert of_plan(next_invoice(month)) == [("team", TEAM)]
    assert mails("plan_withdrawn") == 1


def test_in_the_last_hour_it_cannot_be_withdrawn(month: Walk) -> None:
    upgrade(month, dearer_plan(month))
    next_invoice(month)
    change = ask(month, starter())
    left = subscription().period_end - timedelta(minutes=59) - month.now
    month.wait(seconds=int(left.total_seconds()))
    ana = owner()
    with as_worker():
        assert not planning.withdraw(change.pk, by=ana, now=month.now)


@pytest.mark.parametrize("minutes", [4, 0])
def test_after_an_outage_over_the_renewal_the_next_invoice_makes_up_for_it(month: Walk, minutes: int) -> None:
    """Four minutes before, nobody calls any more: Stripe might take the call after its renewal."""
    upgrade(month, dearer_plan(month))
    next_invoice(month)
    ask(month, starter())
    if minutes:
        sweep_before_the_end(month, minutes=minutes)
    assert of_plan(next_invoice(month)) == [("team", TEAM)]
    customers.tasks.sweep()
    assert subscription().plan == starter()
    invoice = next_invoice(month)
    assert of_plan(invoice) == sorted([("team", -TEAM), ("starter", STARTER), ("starter", STARTER)])
    agrees_with_stripe(month, invoice)


def test_a_month_is_priced_by_the_plan_that_it_began_with(month: Walk) -> None:
    """Twelve users: ten above what Starter includes at 15.00, two above what Team does at 12.00."""
    with as_worker():
        instance = Instance.objects.get()
    upgrade(month, dearer_plan(month))
    month.beat(instance, {0: (12, 1, 0)})
    month.push_usage()
    invoice = next_invoice(month)
    month.beat(instance, {0: (12, 1, 0), 3: (13, 1, 0)})  # the second is of the month before
    month.push_usage()
    later = next_invoice(month)
    users = [
        sorted((line.quantity, line.amount) for line in lines(each) if line.meter == InvoiceLine.Meter.USERS)
        for each in (invoice, later)
    ]
    assert users == [[(10, 15_000)], [(1, 1_500), (2, 2_400)]]


def test_made_at_stripe_it_is_followed(month: Walk) -> None:
    team = dearer_plan(month)
    v1 = month.standin.v1.subscriptions
    [item] = v1.retrieve(subscription().stripe_id)["items"].data
    v1.update(subscription().stripe_id, {"items": [{"id": item.id, "price": team.stripe_base_price}]})
    month.take_events()
    with as_worker():
        change = PlanChange.objects.select_related("to_plan").get()
    assert (change.to_plan, change.asked_by, change.done_at is None) == (team, None, False)
    assert mails("plan_changed") == 1


def test_one_at_a_time(month: Walk) -> None:
    upgrade(month, dearer_plan(month))
    next_invoice(month)
    big = dearer_plan(month, "big", BIG)
    ask(month, starter())
    with pytest.raises(PlanRefused):
        ask(month, big)


def test_a_quote_from_before_another_change_is_not_taken(month: Walk) -> None:
    team, big = dearer_plan(month), dearer_plan(month, "big", BIG)
    month.wait(days=1)
    before = month.now.replace(microsecond=0)
    month.wait(minutes=2)
    upgrade(month, team)
    with pytest.raises(PlanRefused):
        ask(month, big, at=before)
