"""A customer changes the plan in the account: what is shown before, what then happens, who may, who is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import pytest
from django.test import Client, override_settings

import customers.tasks
import instances.tasks
from customers.models import PlanChange
from instances.models import Instance
from ondemand.models import AuditEntry, Mail
from ondemand.money import divide
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.path.conftest import forget_client
from tests.plans.conftest import Shop


def text(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])))


def seen(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200, answer.status_code
    return text(answer.content.decode())


def subjects() -> list[tuple[str, str]]:
    with as_worker():
        return list(Mail.objects.filter(key__startswith="plan-").order_by("pk").values_list("recipient", "subject"))


def verbs() -> list[str]:
    with as_worker():
        return list(AuditEntry.objects.filter(verb__startswith="plan.").order_by("pk").values_list("verb", flat=True))


def changes() -> list[PlanChange]:
    with as_worker():
        return list(PlanChange.objects.order_by("pk"))


def test_the_other_plans_are_shown_with_their_prices_and_when_they_would_begin(shop: Shop) -> None:
    page = seen(shop.browser(), shop.at)
    assert "Starter, €49.00 a month" in page
    assert "Team €12.00 per named user above 4" in page
    assert "In force at once." in page


def test_what_a_dearer_plan_costs_is_shown_before_and_then_charged(shop: Shop) -> None:
    browser = shop.browser()
    page = browser.get(shop.at, {"plan": shop.team.pk})
    began, ends = shop.world.cycle
    left = int(ends.timestamp()) - page.context["confirmation"].initial["at"]
    whole = int((ends - began).total_seconds())
    rest = divide(14_900 * left, whole) - divide(4_900 * left, whole)
    assert f"For the rest of this month €{rest // 100}.{rest % 100:02}" in text(page.content.decode())
    status, account = shop.confirm(browser, shop.team)
    assert (status, shop.plan, shop.at_stripe()) == (200, shop.team, shop.team.stripe_base_price)
    assert "Your plan is Team now." in account
    prorated = sum(item.amount for item in shop.world.items() if item.proration)
    assert abs(prorated - rest) <= 1, "some seconds later"
    assert [to for to, _ in subjects()] == ["ana@acme.example", "owner@iberia.example"]
    assert verbs() == ["plan.asked", "plan.changed"]


def test_the_instances_follow_and_are_told_of(shop: Shop) -> None:
    shop.confirm(shop.browser(), shop.team)
    instances.tasks.sweep()
    with as_worker():
        instance = Instance.objects.select_related("plan").get()
    assert instance.plan == shop.team
    assert "The plan changed: Team" in seen(factories.sign_in(shop.world.house.owner), f"/instances/{instance.pk}/")


def test_a_cheaper_plan_begins_with_the_next_month_and_both_sides_see_it(on_team: Shop) -> None:
    status, account = on_team.confirm(on_team.browser(), on_team.starter)
    assert (status, on_team.plan) == (200, on_team.team)
    expected = "Team, changes to Starter on May 10, 2027"
    assert expected in text(account)
    partner = factories.sign_in(on_team.world.house.owner)
    for url in (f"/customers/{on_team.world.customer.pk}/", f"/instances/{on_team.world.instances[0].pk}/"):
        assert expected in seen(partner, url), url


def test_withdrawn_it_is_nowhere_any_more(on_team: Shop) -> None:
    browser = on_team.browser()
    on_team.confirm(browser, on_team.starter)
    assert "You can withdraw this until" in seen(browser, on_team.at)
    answer = browser.post(f"{on_team.at}withdraw/", follow=True)
    assert "The change of plan was withdrawn." in answer.content.decode()
    assert "changes to" not in seen(browser, "/account/")
    assert [subject for _, subject in subjects()][-1] == f"{on_team.world.customer.name}: the plan stays Team"
    assert verbs()[-2:] == ["plan.asked", "plan.withdrawn"]
    again = browser.post(f"{on_team.at}withdraw/", follow=True)
    assert "There is no change of plan that could still be withdrawn." in again.content.decode()


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("billing", 200), ("technical", 403)])
def test_owner_and_billing_may(shop: Shop, role: str, status: int) -> None:
    browser = shop.browser(role)
    assert browser.get(shop.at).status_code == status
    assert (shop.at in browser.get("/account/").content.decode()) == (status == 200)
    if status == 403:
        assert browser.post(f"{shop.at}withdraw/").status_code == 403


def test_while_stripe_is_away_nothing_is_quoted(shop: Shop) -> None:
    browser = shop.browser()
    with away(shop, "POST /v1/invoices/create_preview"):
        answer = browser.get(shop.at, {"plan": shop.team.pk})
    assert answer.status_code == 503
    assert "The payment provider cannot be reached right now." in answer.content.decode()


def test_confirmed_while_stripe_is_away_it_is_made_by_the_sweep(shop: Shop) -> None:
    browser = shop.browser()
    known = browser.get(shop.at, {"plan": shop.team.pk}).context["confirmation"].initial
    with away(shop, "POST /v1/subscriptions/*"):
        answer = browser.post(shop.at, known, follow=True)
    assert "Your plan is being changed to Team." in answer.content.decode()
    assert shop.plan == shop.starter
    shop.world.wait(minutes=3)
    customers.tasks.sweep()
    assert (shop.plan, shop.at_stripe()) == (shop.team, shop.team.stripe_base_price)
    begins = {item.period.start for item in shop.world.items() if item.proration}
    assert begins == {known["at"]}, "charged from the second that was shown"


@pytest.mark.parametrize("at", [0, 4_102_444_800])
def test_amounts_of_another_time_are_shown_anew(shop: Shop, at: int) -> None:
    status, page = shop.confirm(shop.browser(), shop.team, at=at)
    assert status == 422
    assert "The amounts have changed meanwhile." in page
    assert "For the rest of this month" in page
    assert changes() == []


@pytest.mark.parametrize("given", [{}, {"plan": "x"}, {"plan": "999999999999999999999"}, {"at": "1e400"}])
def test_nonsense_is_a_422(shop: Shop, given: dict[str, str]) -> None:
    assert shop.browser().post(shop.at, given).status_code == 422
    if "plan" in given:
        assert shop.browser().get(shop.at, given).status_code == 422


def test_who_owes_keeps_the_plan(shop: Shop) -> None:
    with as_worker():
        type(shop.world.subscription).objects.update(state="past_due")
    answer = shop.browser().get(shop.at, {"plan": shop.team.pk})
    assert answer.status_code == 422
    assert "The plan can be changed once all invoices are paid." in answer.content.decode()


@contextmanager
def away(shop: Shop, match: str) -> Iterator[None]:
    """Stripe does not answer such requests."""
    shop.world.standin.control("faults", {"match": match, "fault": "timeout_before", "times": 5, "seconds": 3})
    with override_settings(STRIPE_READ_SECONDS=1, STRIPE_RETRIES=0):
        forget_client()
        yield
    forget_client()
    shop.world.standin.control("faults", method="DELETE")
