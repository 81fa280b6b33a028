"""Customers, and the account that is their own."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import Cast, sign_in
from tests.screens.pages import NOW, file_of, instance_of, settle, shown

pytestmark = pytest.mark.django_db


def test_the_apps_link_leads_to_that_customers_instances(world: Cast) -> None:
    one, other = (settle(world.iberia, world, name) for name in ("Bodegas Vega", "Moda Prado"))
    link = f"/instances/?customer={one.pk}"
    browser = sign_in(world.iberia.owner)
    assert link in shown(browser, "/customers/")
    rows = file_of(browser, f"{link}&export=csv")
    assert [row["address"] for row in rows] == [instance_of(one).address]
    assert instance_of(other).address not in rows[0]["address"]


def test_a_customer_shows_what_the_guide_names(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    page = shown(sign_in(world.iberia.owner), customer.get_absolute_url())
    for words in ("Payment status", "Next billing date", "Total invoiced", "Total paid", "Commission earned"):
        assert words in page
    assert "/pdf" in page


def test_a_customers_account_shows_its_own_and_nobody_elses(world: Cast) -> None:
    customer, other = settle(world.iberia, world, "Bodegas Vega"), settle(world.iberia, world, "Moda Prado")
    factories.make_cycle(instance=instance_of(customer), now=NOW, peak=7)
    page = shown(sign_in(factories.make_person(customer=customer, email="ana@vega.example")), "/account/")
    assert instance_of(customer).name in page
    assert "€109.00" in page
    assert "/pdf" in page
    assert instance_of(other).name not in page


def test_an_account_is_no_place_for_who_is_no_customers_person(world: Cast) -> None:
    assert sign_in(world.iberia.owner).get("/account/").status_code == 403
    assert sign_in(world.iberia.owner).get("/account/order/").status_code == 403


def test_a_customer_who_orders_another_comes_to_the_partners_page(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    browser = sign_in(factories.make_person(customer=customer, email="ana@vega.example"))
    assert "/account/order/" in shown(browser, "/account/")
    answer = browser.get("/account/order/")
    assert (answer.status_code, answer["Location"]) == (302, world.iberia.campaign.path)
