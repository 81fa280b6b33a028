"""What the customer and its partner see of the usage: by cycle and day, what of it is billed, and what it costs."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

import customers.tasks
from instances.models import Instance
from tests import factories
from tests.usage.world import World


@pytest.fixture
def shop(spring: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """20 March: used on four days of the first cycle, the highest on the 13th; silent on the others."""
    monkeypatch.setattr("ondemand.clock.now", lambda: spring.now)
    spring.boot("shop")
    spring.wait(days=10)
    for ago, users in ((10, 3), (8, 4), (7, 6), (1, 5)):
        spring.use(spring.instances[0], users, ago=ago, terminals=1, disk_mb=3000)
    spring.push()
    customers.tasks.preview()
    return spring


def usage_page(browser: Client, shop: World, area: str = "", query: str = "") -> str:
    answer = browser.get(f"{area}/instances/{shop.instances[0].pk}/usage/{query}")
    assert answer.status_code == 200
    return text(answer.content.decode())


def text(page: str) -> str:
    """What is read, in order."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])))


def test_the_partner_sees_the_peak_its_day_what_is_included_and_what_it_costs(shop: World) -> None:
    page = usage_page(factories.sign_in(shop.house.owner), shop)
    assert "Named users 6 Mar 13, 2027 4 2 €15.00 €60.00 with the cycle's end" in page
    assert "GB of disk 3 Mar 10, 2027 0 5 €2.00 €0.00 nothing above what is included" in page
    assert "Mar 10, 2027 – Apr 9, 2027" in page


def test_silent_days_are_named_and_no_reading_is_invented(shop: World) -> None:
    page = usage_page(factories.sign_in(shop.house.owner), shop)
    assert "Mar 20, 2027: no report" in page
    assert "Mar 14, 2027 – Mar 18, 2027: no report" in page
    assert "Mar 11, 2027: no report" in page
    assert page.count("no report") == 3


def test_a_cycle_without_a_report_says_so(shop: World) -> None:
    shop.wait(days=30)
    page = usage_page(factories.sign_in(shop.house.owner), shop)
    assert "Nothing was reported in this cycle" in page
    assert "Apr 10, 2027 – May 9, 2027" in page
    assert "Named users 6" in usage_page(factories.sign_in(shop.house.owner), shop, query="?cycle=2027-03-10")


def test_the_invoice_that_took_it_in_is_named_and_what_came_late_is_announced(shop: World) -> None:
    shop.wait_until(shop.cycle[1] + timedelta(hours=2))
    shop.sync()
    owner = factories.sign_in(shop.house.owner)
    number = shop.invoices()[0].number
    assert f"€60.00 {number}" in usage_page(owner, shop, query="?cycle=2027-03-10")
    shop.use(shop.instances[0], 9, ago=12)
    assert f"€105.00 {number}, on the next invoice" in usage_page(owner, shop, query="?cycle=2027-03-10")


@pytest.mark.parametrize("wrong", ["x", "2027-03-11", "2031-01-01", "%00", "9" * 4000])
def test_a_cycle_that_is_none_is_not_found(shop: World, wrong: str) -> None:
    owner = factories.sign_in(shop.house.owner)
    assert owner.get(f"/instances/{shop.instances[0].pk}/usage/?cycle={wrong}").status_code == 404


def test_support_members_see_counts_without_amounts_and_finance_members_no_instance(shop: World) -> None:
    page = usage_page(factories.sign_in(shop.house.support), shop)
    assert "Named users 6 Mar 13, 2027 4 2" in page
    assert "€" not in page
    url = f"/instances/{shop.instances[0].pk}/usage/"
    assert factories.sign_in(shop.house.finance).get(url).status_code == 403


def test_the_customers_people_see_the_same_page_the_technical_ones_without_amounts(shop: World) -> None:
    ana = factories.make_person(customer=shop.customer, email="ana@acme.example")
    browser = factories.sign_in(ana)
    assert "€60.00" in usage_page(browser, shop, "/account")
    account = text(browser.get("/account/").content.decode())
    assert "Next invoice, as it stands" in account
    assert "To pay €109.00" in account  # 49.00 and four users at 15.00
    assert "4 · Mar 10, 2027 – Apr" in account
    other = factories.make_customer(house=shop.house, plan=shop.plan, now=shop.now)
    stranger = factories.sign_in(factories.make_person(customer=other, email="eva@other.example"))
    assert stranger.get(f"/account/instances/{shop.instances[0].pk}/usage/").status_code == 404


def test_partner_and_customer_read_stripes_own_price_so_far(shop: World) -> None:
    owner, support = factories.sign_in(shop.house.owner), factories.sign_in(shop.house.support)
    instance: Instance = shop.instances[0]
    for url in (f"/customers/{shop.customer.pk}/", f"/instances/{instance.pk}/"):
        assert "To pay €109.00" in text(owner.get(url).content.decode())
        assert "€" not in text(support.get(url).content.decode())


def suspended_through_a_cycle(shop: World) -> None:
    """From 20 March to 20 May, and silent but for one report of the second cycle."""
    shop.suspend(shop.instances[0])
    shop.wait(days=32)
    shop.use(shop.instances[0], 9, ago=3)
    shop.push()
    customers.tasks.preview()


def test_a_cycle_that_was_suspended_bills_the_base_price_and_says_so(shop: World) -> None:
    suspended_through_a_cycle(shop)
    page = usage_page(factories.sign_in(shop.house.owner), shop)
    assert "Apr 10, 2027 – May 9, 2027 · Suspended: base price only" in page
    assert "Mar 10, 2027 – Apr 9, 2027 6 1 3" in page  # which was used before
    assert "Apr 18, 2027: suspended, not counted 9" in page
    assert "Apr 19, 2027 – Apr 21, 2027: suspended" in page
    shop.wait(days=33)
    assert shop.lines(shop.invoices()[0]) == {}


def test_the_next_invoice_of_a_suspended_cycle_says_so_to_customer_and_partner(shop: World) -> None:
    suspended_through_a_cycle(shop)
    ana = factories.sign_in(factories.make_person(customer=shop.customer, email="ana@acme.example"))
    for browser, address in (
        (factories.sign_in(shop.house.owner), f"/instances/{shop.instances[0].pk}/"),
        (ana, "/account/"),
    ):
        assert "Usage Suspended: base price only" in text(browser.get(address).content.decode())


def test_the_day_of_the_suspension_counts_and_that_on_which_it_runs_again_does_not(shop: World) -> None:
    shop.suspend(shop.instances[0])
    shop.use(shop.instances[0], 7)
    shop.wait(days=2)
    shop.resume(shop.instances[0])
    shop.use(shop.instances[0], 11)
    assert "Named users 7 Mar 20, 2027" in usage_page(factories.sign_in(shop.house.owner), shop)
    shop.wait(days=1)
    shop.use(shop.instances[0], 8)
    assert "Named users 8 Mar 23, 2027" in usage_page(factories.sign_in(shop.house.owner), shop)
