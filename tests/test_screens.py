"""The partner's screens: what each shows, to whom, and at what cost."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commissions.models import Commission
from commissions.services.accrual import accrue
from customers.models import Customer, Invoice, InvoiceLine, Refund
from instances.models import Instance, UsageCycle
from ondemand import clock
from ondemand.models import AuditEntry
from ondemand.scopes import LOOK
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from payments.balances import Balance, balances
from payments.models import Payment
from tests import factories
from tests.factories import Cast, House, sign_in

pytestmark = pytest.mark.django_db
NOW = clock.now()


@pytest.fixture
def world() -> Cast:
    return factories.make_cast(now=NOW)


def settle(house: House, world: Cast, name: str, amounts: tuple[int, ...] = (40_000,)) -> Customer:
    """A customer with a running instance and a commission that is payable now."""
    customer = factories.make_customer(house=house, plan=world.plan, now=NOW, name=name)
    factories.make_instance(customer=customer, now=NOW)
    factories.make_earnings(customer=customer, at=NOW - timedelta(days=40), amounts=amounts)
    return customer


def shown(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return str(answer.content.decode())


def file_of(client: Client, url: str) -> list[dict[str, str]]:
    answer = client.get(url)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


LISTS = ["/customers/", "/instances/", "/commissions/", "/payments/"]


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


ALLOWED = {
    "/dashboard/": {"owner", "finance", "support"},
    "/customers/": {"owner", "finance", "support"},
    "/instances/": {"owner", "support"},
    "/commissions/": {"owner", "finance"},
    "/payments/": {"owner", "finance"},
    "/sign-up-pages/": {"owner", "finance", "support"},
}


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


def instance_of(customer: Customer) -> Instance:
    with as_worker():
        return Instance.objects.select_related("plan", "subscription").get(customer=customer)


def commissions_of(customer: Customer) -> list[Commission]:
    with as_worker():
        return list(Commission.objects.filter(customer_id=customer.pk).order_by("pk"))


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


NONSENSE = ["page=abc", "page=-1", "page=999999999999999999999", "sort=;drop", "q=%00", "hide=x&hide=q", "export=pdf"]
FILTERS = ["customer=9" + "9" * 30, "customer=x", "plan=%F0%9F%92%A9", "month=2026-13-01", "state=x", "payment=1e9"]


@pytest.mark.parametrize("url", LISTS)
def test_nonsense_in_a_query_is_no_error(world: Cast, url: str) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    browser = sign_in(world.iberia.owner)
    assert {browser.get(f"{url}?{query}").status_code for query in NONSENSE + FILTERS} == {200}


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize("key", ["0", "9223372036854775808", "9" * 5000])
def test_an_id_that_cannot_be_is_not_found(world: Cast, url: str, key: str) -> None:
    assert sign_in(world.iberia.owner).get(f"{url}{key}/").status_code == 404


def test_the_commissions_file_begins_with_the_agreed_columns_and_equals_the_screen(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega", amounts=(40_000, 10_001))
    browser = sign_in(world.iberia.owner)
    rows = file_of(browser, "/commissions/?export=csv&sort=number")
    assert list(rows[0])[:12] == (
        ["id", "kind", "customer", "product", "invoice", "line", "date", "base", "rate", "amount", "currency", "state"]
    )
    assert [row["amount"] for row in rows] == ["80.00", "20.00"]
    assert [row["id"] for row in rows] == [str(row.pk) for row in commissions_of(customer)]
    assert (rows[0]["rate"], rows[0]["base"], rows[0]["state"]) == ("20", "400.00", "payable")
    assert rows[0]["invoice"].startswith("in_")
    assert rows[0]["line"].startswith("il_")
    page = shown(browser, "/commissions/")
    assert all(f"€{row['amount']}" in page for row in rows)
    assert "€100.00" in page


def test_the_payments_file_has_the_agreed_columns(world: Cast) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    factories.make_bank_account(house=world.iberia, now=NOW)
    payment = factories.make_payment(house=world.iberia, cast=world)
    (row,) = file_of(sign_in(world.iberia.finance), "/payments/?export=csv")
    assert list(row)[:7] == ["number", "approved_on", "period", "amount", "currency", "state", "reference"]
    assert (row["number"], row["amount"], row["state"]) == (payment.number, "80.00", "paid")
    assert row["approved_on"] == clock.business_day(NOW).isoformat()


def test_who_takes_a_file_is_written_down(world: Cast) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    file_of(sign_in(world.iberia.owner), "/customers/?export=csv&state=paid")
    with as_worker():
        entry = AuditEntry.objects.get(verb="list.exported")
    assert (entry.target, entry.actor, entry.detail["rows"]) == ("customers", "owner@iberia.example", 1)


def test_staff_who_look_see_a_partners_screens_and_files_and_change_nothing(world: Cast) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    browser = sign_in(world.staff)
    assert browser.get("/customers/").status_code == 403
    with tenant(Scope(Role.AUTH)):
        session = browser.session
        session[LOOK] = world.iberia.partner.pk
        session.save()
    assert all("Bodegas Vega" in shown(browser, url) for url in ("/dashboard/", "/customers/", "/instances/"))
    assert [row["customer"] for row in file_of(browser, "/customers/?export=csv")] == ["Bodegas Vega"]


def test_a_filter_reaches_screen_totals_and_file_alike(world: Cast) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    behind = factories.make_customer(house=world.iberia, plan=world.plan, now=NOW, name="Moda Prado", state="past_due")
    with as_worker():
        Customer.objects.filter(pk=behind.pk).update(invoiced=12_345)
    browser = sign_in(world.iberia.owner)
    page = shown(browser, "/customers/?state=past_due")
    assert "Moda Prado" in page
    assert "Bodegas Vega" not in page
    assert "€123.45" in page
    assert [row["customer"] for row in file_of(browser, "/customers/?state=past_due&export=csv")] == ["Moda Prado"]


def test_the_apps_link_leads_to_that_customers_instances(world: Cast) -> None:
    one, other = (settle(world.iberia, world, name) for name in ("Bodegas Vega", "Moda Prado"))
    link = f"/instances/?customer={one.pk}"
    browser = sign_in(world.iberia.owner)
    assert link in shown(browser, "/customers/")
    rows = file_of(browser, f"{link}&export=csv")
    assert [row["address"] for row in rows] == [instance_of(one).address]
    assert instance_of(other).address not in rows[0]["address"]


@pytest.mark.parametrize("url", LISTS)
def test_a_list_asks_the_database_few_times_whatever_its_size(world: Cast, url: str) -> None:
    factories.make_bank_account(house=world.iberia, now=NOW)
    settle(world.iberia, world, "First")
    factories.make_payment(house=world.iberia, cast=world)
    browser = sign_in(world.iberia.owner)
    few = queries_of(browser, url)
    for number in range(4):
        settle(world.iberia, world, f"Another {number}")
    assert queries_of(browser, url) == few
    assert len(few) <= 6, few


def test_the_dashboard_asks_the_database_few_times(world: Cast) -> None:
    settle(world.iberia, world, "First")
    found = queries_of(sign_in(world.iberia.owner), "/dashboard/")
    assert len(found) <= 12, found


SHELL = re.compile(
    r'set_config|SAVEPOINT|django_session|"ondemand_user"|SET CONSTRAINTS|FROM "partners_(?:member|partner)"'
)


def queries_of(browser: Client, url: str) -> list[str]:
    """What the screen asks, less the shell's own: session, person, member, scope, partner."""
    with CaptureQueriesContext(connection) as captured:
        shown(browser, url)
    asked = [query["sql"] for query in captured.captured_queries if not SHELL.search(query["sql"])]
    return [re.sub(r"\d+|'[^']*'", "?", sql)[:120] for sql in asked]


def test_a_commission_is_pending_then_payable_then_in_a_payment_then_paid(world: Cast) -> None:
    customer = factories.make_customer(house=world.iberia, plan=world.plan, now=NOW)
    factories.make_earnings(customer=customer, at=NOW - timedelta(days=5))
    browser = sign_in(world.iberia.owner)
    assert states(browser) == ["pending"]
    factories.make_earnings(customer=customer, at=NOW - timedelta(days=40), amounts=(90_000,))
    assert states(browser) == ["payable", "pending"]
    factories.make_bank_account(house=world.iberia, now=NOW)
    payment = factories.make_payment(house=world.iberia, cast=world, state=Payment.State.SENT)
    assert states(browser) == ["in_payment", "pending"]
    for state in ("pending", "payable", "in_payment", "paid"):
        found = file_of(browser, f"/commissions/?state={state}&export=csv")
        assert len(found) == states(browser).count(state)
    with as_worker():
        Payment.objects.filter(pk=payment.pk).update(state=Payment.State.PAID, paid_at=NOW)
    assert states(browser) == ["paid", "pending"]
    assert payment.number in shown(browser, "/commissions/?state=paid")


def states(browser: Client) -> list[str]:
    return [row["state"] for row in file_of(browser, "/commissions/?export=csv&sort=date")]


def test_a_commission_of_a_payment_is_found_by_it(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    factories.make_bank_account(house=world.iberia, now=NOW)
    payment = factories.make_payment(house=world.iberia, cast=world)
    factories.make_earnings(customer=customer, at=NOW)
    browser = sign_in(world.iberia.owner)
    rows = file_of(browser, f"/commissions/?payment={payment.pk}&export=csv")
    assert [row["payment"] for row in rows] == [payment.number]
    assert f"/commissions/?payment={payment.pk}" in shown(browser, payment.get_absolute_url())


def test_why_this_amount_leads_from_the_readings_to_the_payment(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    instance = instance_of(customer)
    cycle = factories.make_cycle(instance=instance, now=NOW, peak=14)
    factories.make_reading(instance=instance, day=(NOW - timedelta(days=3)).date(), users=14)
    with as_worker():
        InvoiceLine.objects.filter(customer_id=customer.pk).update(usage_cycle_id=cycle.pk)
    page = shown(sign_in(world.iberia.owner), commissions_of(customer)[0].get_absolute_url())
    assert "at most 14 on a day (first on" in page
    assert "€400.00 × €400.00 ÷ €400.00 × 20%, rounded half away from zero: €80.00" in page
    assert "it agrees" in page


def test_why_this_amount_agrees_for_an_invoice_paid_in_parts(world: Cast) -> None:
    customer = factories.make_customer(house=world.iberia, plan=world.plan, now=NOW)
    invoice = factories.make_invoice(customer=customer, at=NOW, amounts=(9_999,), paid=3_333)
    accrue(now=NOW)
    with as_worker():
        Invoice.objects.filter(pk=invoice.pk).update(paid=9_999, remaining=0, state="paid", paid_at=NOW)
        InvoiceLine.objects.filter(invoice=invoice).update(to_accrue=True)
    accrue(now=NOW)
    rows = commissions_of(customer)
    assert [row.amount for row in rows] == [667, 1333]
    browser = sign_in(world.iberia.owner)
    assert "less €6.67 from earlier rows" in shown(browser, rows[1].get_absolute_url())
    assert all("it agrees" in shown(browser, row.get_absolute_url()) for row in rows)


def test_why_this_amount_agrees_for_refunds_in_parts(world: Cast) -> None:
    customer = factories.make_customer(house=world.iberia, plan=world.plan, now=NOW)
    invoice = factories.make_earnings(customer=customer, at=NOW, amounts=(4_900, 3_333))
    for number, amount in enumerate((1_000, 777)):
        with as_worker():
            Refund.objects.create(
                partner_id=customer.partner_id,
                customer_id=customer.pk,
                invoice=invoice,
                stripe_id=f"re_{number}",
                currency="EUR",
                amount=amount,
                state=Refund.State.SUCCEEDED,
                created_at=NOW + timedelta(seconds=number),
            )
        accrue(now=NOW)
    reversals = [row for row in commissions_of(customer) if row.kind == Commission.Kind.REVERSAL]
    assert len(reversals) == 4
    browser = sign_in(world.iberia.owner)
    pages = [shown(browser, row.get_absolute_url()) for row in reversals]
    assert all("it agrees" in page for page in pages)


def test_why_this_amount_says_so_where_a_stored_amount_does_not_agree(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    (right,) = commissions_of(customer)
    with as_worker():
        wrong = Commission.objects.get(pk=right.pk)
        wrong.pk, wrong.source_id, wrong.amount = None, "in_wrong", 7
        wrong.save()
    page = shown(sign_in(world.iberia.owner), wrong.get_absolute_url())
    assert "does not agree with the stored €0.07" in page


def test_what_is_coming_stands_above_the_payments(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    factories.make_earnings(customer=customer, at=NOW - timedelta(days=1), amounts=(7_000,))
    page = shown(sign_in(world.iberia.owner), "/payments/")
    assert "€80.00" in page
    assert "€14.00" in page
    assert "Set up a bank account" in page


def test_the_next_payment_has_the_day_on_which_enough_is_payable(world: Cast) -> None:
    customer = factories.make_customer(house=world.iberia, plan=world.plan, now=NOW)
    for days, amount in ((40, 10_000), (10, 10_000), (5, 10_000), (1, 10_000)):
        factories.make_earnings(customer=customer, at=NOW - timedelta(days=days), amounts=(amount,))
    (found,) = balances_of(world.iberia)
    assert (found.payable, found.pending) == (2_000, 6_000)
    assert (found.ready, found.ready_on) == (6_000, clock.business_day(NOW) + timedelta(days=25))
    assert "carried forward: reaches the minimum of €50.00" in shown(sign_in(world.iberia.owner), "/payments/")
    assert figure(shown(sign_in(world.iberia.owner), "/dashboard/"), "Next payment to you") == "€60.00"


def balances_of(house: House) -> list[Balance]:
    with tenant(house.scope):
        return balances(house.partner.pk, today=clock.business_day(NOW))


def test_an_instance_shows_how_its_price_is_made(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    instance = instance_of(customer)
    factories.make_cycle(instance=instance, now=NOW, peak=7)
    factories.make_cycle(instance=instance, now=NOW, peak=50, months_ago=1)
    browser = sign_in(world.iberia.owner)
    page = shown(browser, instance.get_absolute_url())
    assert "7 at most − 2 included" in page
    assert "€109.00" in page
    assert [row["price"] for row in file_of(browser, "/instances/?export=csv")] == ["109.00"]


def test_an_instance_that_has_ended_costs_nothing(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    with as_worker():
        Instance.objects.filter(customer=customer).update(state=Instance.State.TERMINATED, ended_at=NOW)
    browser = sign_in(world.iberia.owner)
    assert [row["price"] for row in file_of(browser, "/instances/?export=csv")] == [""]
    assert "How the price is made" not in shown(browser, instance_of(customer).get_absolute_url())


def test_an_instance_shows_its_usage_by_day(world: Cast) -> None:
    instance = instance_of(settle(world.iberia, world, "Bodegas Vega"))
    factories.make_reading(instance=instance, day=clock.usage_day(NOW), users=1234)
    page = shown(sign_in(world.iberia.support), instance.get_absolute_url())
    assert 'class="chart"' in page
    assert "1,234" in page


def test_the_dashboards_figures_are_the_lists_behind_them(world: Cast) -> None:
    one, other = (settle(world.iberia, world, name) for name in ("Bodegas Vega", "Moda Prado"))
    settle(world.nordic, world, "Fjord Handel")
    factories.make_cycle(instance=instance_of(one), now=NOW, peak=7, months_ago=1)
    factories.make_earnings(customer=other, at=NOW, amounts=(5_000,))
    page = shown(sign_in(world.iberia.owner), "/dashboard/")
    assert figure(page, "Customers") == "2"
    assert figure(page, "Running instances") == "2"
    assert figure(page, "Monthly recurring revenue") == "€158.00"
    assert figure(page, "Commission this month") == "€10.00"
    assert figure(page, "Next payment to you") == "€160.00"


def figure(page: str, label: str) -> str:
    found = re.search(rf"{label}</span><b>([^<]*)</b>", page)
    assert found, label
    return found[1]


def test_the_dashboard_counts_the_funnel_and_the_median_boot(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    factories.make_visits(house=world.iberia, day=clock.business_day(NOW), visits=40)
    factories.make_signup(house=world.iberia, plan=world.plan, now=NOW)
    factories.make_signup(house=world.iberia, plan=world.plan, now=NOW, instance=instance_of(customer))
    factories.make_signup(house=world.iberia, plan=world.plan, now=NOW - timedelta(days=31))
    page = shown(sign_in(world.iberia.owner), "/dashboard/")
    assert re.findall(r"<b>(\d+)</b> <span class=.soft.>", page) == ["40", "2", "1", "1"]
    assert "within 4 minutes" in page


def test_the_dashboard_says_what_needs_attention(world: Cast) -> None:
    customer = factories.make_customer(house=world.iberia, plan=world.plan, now=NOW, state="past_due")
    factories.make_instance(customer=customer, now=NOW, state=Instance.State.FAILED)
    page = shown(sign_in(world.iberia.owner), "/dashboard/")
    for words in ("1 customer is past due", "1 instance failed to boot", "Set up your bank account"):
        assert words in page


def test_a_customer_shows_what_the_guide_names(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    page = shown(sign_in(world.iberia.owner), customer.get_absolute_url())
    for words in ("Payment status", "Next billing date", "Total invoiced", "Total paid", "Commission earned"):
        assert words in page
    assert "/pdf" in page


def test_a_sign_up_page_has_its_address_codes_and_what_came_of_it(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    with as_worker():
        Customer.objects.filter(pk=customer.pk).update(paid=100)
    factories.make_visits(house=world.iberia, day=clock.business_day(NOW), visits=417)
    factories.make_signup(house=world.iberia, plan=world.plan, now=NOW, instance=instance_of(customer))
    page = shown(sign_in(world.iberia.owner), "/sign-up-pages/")
    assert world.iberia.campaign.url in page
    assert "nordic-obps" not in page
    assert re.findall(r"<dd>(\d+)</dd>", page) == ["417", "1", "1"]


@pytest.mark.parametrize(("form", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_the_qr_code_comes_as_a_picture(world: Cast, form: str, begins: bytes) -> None:
    url = f"/sign-up-pages/{world.iberia.campaign.pk}/qr.{form}"
    answer = sign_in(world.iberia.support).get(url)
    assert answer.content.startswith(begins)


def test_a_qr_code_of_another_kind_is_not_found(world: Cast) -> None:
    assert sign_in(world.iberia.owner).get(f"/sign-up-pages/{world.iberia.campaign.pk}/qr.exe").status_code == 404


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


def test_the_walls_hide_a_rivals_rows_even_from_a_query_without_filters(world: Cast) -> None:
    instance = instance_of(settle(world.nordic, world, "Fjord Handel"))
    factories.make_cycle(instance=instance, now=NOW)
    with tenant(world.iberia.scope):
        found = [model.objects.count() for model in (Customer, Instance, UsageCycle, Invoice, Commission)]
    assert found == [0] * 5
