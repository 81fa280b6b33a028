"""Whose rows a screen shows, and to whom."""

from __future__ import annotations

import pytest

from commissions.models import Commission
from customers.models import Customer, Invoice
from instances.models import Instance, UsageCycle
from ondemand.tenancy.context import tenant
from payments.models import Payment
from tests import factories
from tests.factories import Cast, House, sign_in
from tests.screens.pages import LISTS, NOW, commissions_of, file_of, instance_of, settle, shown

pytestmark = pytest.mark.django_db

ALLOWED = {
    "/dashboard/": {"owner", "finance", "support"},
    "/customers/": {"owner", "finance", "support"},
    "/instances/": {"owner", "support"},
    "/commissions/": {"owner", "finance"},
    "/payments/": {"owner", "finance"},
    "/sign-up-pages/": {"owner", "finance", "support"},
}
NONSENSE = ["page=abc", "page=-1", "page=999999999999999999999", "sort=;drop", "q=%00", "hide=x&hide=q", "export=pdf"]
FILTERS = ["customer=9" + "9" * 30, "customer=x", "plan=%F0%9F%92%A9", "month=2026-13-01", "state=x", "payment=1e9"]


@pytest.mark.parametrize("url", LISTS)
def test_an_empty_list_says_what_to_do(world: Cast, url: str) -> None:
    assert 'class="empty"' in shown(sign_in(world.iberia.owner), url)


@pytest.mark.parametrize("url", ["/customers/", "/instances/", "/commissions/", "/dashboard/"])
def test_a_screen_shows_its_own_rows_and_not_the_rivals(world: Cast, url: str) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    settle(world.nordic, world, "Fjord Handel")
    page = shown(sign_in(world.iberia.owner), url)
    assert "Bodegas Vega" in page
    assert "Fjord Handel" not in page


def test_a_list_of_payments_shows_its_own_and_not_the_rivals(world: Cast) -> None:
    for house in (world.iberia, world.nordic):
        settle(house, world, "Someone")
        factories.make_bank_account(house=house, now=NOW)
        factories.make_payment(house=house, cast=world)
    page = shown(sign_in(world.iberia.owner), "/payments/")
    assert "IBERIA-" in page
    assert "NORDIC-" not in page


def test_a_partner_sees_no_payment_before_it_is_approved(world: Cast) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    factories.make_payment(house=world.iberia, cast=world, state=Payment.State.PROPOSED)
    browser = sign_in(world.iberia.owner)
    assert "IBERIA-" not in shown(browser, "/payments/")
    assert [row["state"] for row in file_of(browser, "/commissions/?export=csv")] == ["payable"]


@pytest.mark.parametrize("url", ALLOWED)
@pytest.mark.parametrize("role", ["owner", "finance", "support"])
def test_a_role_enters_its_own_screens_and_meets_403_at_others(world: Cast, url: str, role: str) -> None:
    answer = sign_in(getattr(world.iberia, role)).get(url)
    assert answer.status_code == (200 if role in ALLOWED[url] else 403)


@pytest.mark.parametrize("url", ALLOWED)
def test_who_is_nobodys_member_is_refused(world: Cast, url: str) -> None:
    assert sign_in(factories.make_user(email="nobody@example.test")).get(url).status_code == 403


@pytest.mark.parametrize("url", ["/dashboard/", "/customers/", "/instances/", "/sign-up-pages/"])
def test_support_members_meet_no_money(world: Cast, url: str) -> None:
    factories.make_cycle(instance=instance_of(settle(world.iberia, world, "Bodegas Vega")), now=NOW)
    assert "€" not in shown(sign_in(world.iberia.support), url)
    assert "€" in shown(sign_in(world.iberia.owner), url)


@pytest.mark.parametrize(("url", "columns"), [("/customers/", {"invoiced", "paid"}), ("/instances/", {"price"})])
def test_support_members_take_no_money_in_a_file(world: Cast, url: str, columns: set[str]) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    assert columns <= set(file_of(sign_in(world.iberia.owner), f"{url}?export=csv")[0])
    assert not columns & set(file_of(sign_in(world.iberia.support), f"{url}?export=csv")[0])


def test_details_show_no_money_to_support(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    browser = sign_in(world.iberia.support)
    for url in (customer.get_absolute_url(), instance_of(customer).get_absolute_url()):
        assert "€" not in shown(browser, url)


def test_finance_members_are_led_to_no_instance(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    browser = sign_in(world.iberia.finance)
    for url in ("/customers/", customer.get_absolute_url(), "/dashboard/"):
        assert "/instances/" not in shown(browser, url)


def details(house: House, world: Cast) -> list[str]:
    customer = settle(house, world, "Someone")
    factories.make_bank_account(house=house, now=NOW)
    payment = factories.make_payment(house=house, cast=world)
    return [
        customer.get_absolute_url(),
        instance_of(customer).get_absolute_url(),
        commissions_of(customer)[0].get_absolute_url(),
        payment.get_absolute_url(),
        f"/sign-up-pages/{house.campaign.pk}/qr.png",
    ]


def test_every_detail_is_its_partners_and_a_rivals_404(world: Cast) -> None:
    urls = details(world.iberia, world)
    own, rival = sign_in(world.iberia.owner), sign_in(world.nordic.owner)
    assert [own.get(url).status_code for url in urls] == [200] * 5
    assert [rival.get(url).status_code for url in urls] == [404] * 5


@pytest.mark.parametrize("url", LISTS)
def test_nonsense_in_a_query_is_no_error(world: Cast, url: str) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    browser = sign_in(world.iberia.owner)
    assert {browser.get(f"{url}?{query}").status_code for query in NONSENSE + FILTERS} == {200}


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize("key", ["0", "9223372036854775808", "9" * 5000])
def test_an_id_that_cannot_be_is_not_found(world: Cast, url: str, key: str) -> None:
    assert sign_in(world.iberia.owner).get(f"{url}{key}/").status_code == 404


def test_the_walls_hide_a_rivals_rows_even_from_a_query_without_filters(world: Cast) -> None:
    instance = instance_of(settle(world.nordic, world, "Fjord Handel"))
    factories.make_cycle(instance=instance, now=NOW)
    with tenant(world.iberia.scope):
        found = [model.objects.count() for model in (Customer, Instance, UsageCycle, Invoice, Commission)]
    assert found == [0] * 5
