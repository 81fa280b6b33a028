"""The whole path in a real browser, on real processes: from enrolment to the partner who sees the payment."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from ondemand.servers.processes import until
from tests.browser.windows import Windows
from tests.browser.zone import Zone
from tests.conftest import in_ci
from tests.factories import PASSWORD, make_user

pytestmark = in_ci

GOOD, DECLINED = "4242424242424242", "4000000000000002"
CHOSEN = "a-good-long-passphrase"
OWNER, STAFF, APPROVER = "owner@iberia.example", "staff@openbravo.example", "approver@openbravo.example"
PLAN = "starter:Starter:4900:1500:200:1000"
LATER = int(timedelta(days=32).total_seconds())


@pytest.fixture
def staff(fresh_database: str) -> None:
    for email in (STAFF, APPROVER):
        make_user(email=email, is_staff=True)


def test_the_path_is_walked_in_a_browser(staff: None, zone: Zone, windows: Windows) -> None:
    zone.manage("add_product", "retail", "Openbravo for Retail", "--retail", "--plan", PLAN)
    proposer = windows.sign_in(STAFF, PASSWORD, "/admin/")
    enrol(proposer)
    partner = windows.open()
    choose_partners_password(partner, zone.link_for(OWNER))
    address = sign_up_address(partner)

    customer = windows.open()
    register(customer, address)
    pay(customer, DECLINED)
    expect(customer.get_by_role("alert")).to_contain_text("declined")
    pay(customer, GOOD)
    choose_customers_password(customer)
    open_the_instance(customer)
    colleagues_work(customer)

    see_the_usage(partner, zone)
    zone.standin.advance(LATER)
    see_the_commission(partner)
    set_up_bank_account(partner)
    approve_payment(proposer, windows.sign_in(APPROVER, PASSWORD, "/admin/"))
    see_the_payment(partner, zone)


def enrol(admin: Page) -> None:
    admin.goto("/admin/partners/partner/add/")
    typed = {"Code": "iberia", "Name": "Iberia Soft", "Country": "ES", "Owner's name": "Olga Owner"}
    for label, value in typed.items():
        admin.get_by_label(f"{label}:", exact=True).fill(value)
    admin.get_by_label("Owner's e-mail").fill(OWNER)
    admin.get_by_role("button", name="Enrol and mail the owner").click()
    expect(admin.get_by_text("Iberia Soft is enrolled")).to_be_visible()


def choose_partners_password(page: Page, link: str) -> None:
    page.goto(link)
    for field in page.locator("input[type=password]").all():
        field.fill(CHOSEN)
    page.get_by_role("button", name="Change Password").click()
    page.wait_for_url("**/done/")
    page.goto("/")
    page.get_by_label("Email").fill(OWNER)
    page.get_by_label("Password").fill(CHOSEN)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def sign_up_address(partner: Page) -> str:
    partner.get_by_role("link", name="Sign Up Pages").click()
    expect(partner.get_by_role("heading", name="Openbravo for Retail")).to_be_visible()
    return partner.get_by_label("Address").first.input_value()


def register(page: Page, address: str) -> None:
    page.goto(address)
    typed = {
        "Company": "Café Central, S.L.",
        "Your name": "Ana Gil",
        "E-mail": "ana@central.example",
        "Username": "central",
        "VAT number": "ESB65739856",
    }
    for label, value in typed.items():
        page.get_by_label(label).fill(value)
    page.get_by_label("Country").select_option("ES")
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Continue to the card").click()
    expect(page.get_by_role("heading", name="Subscribe")).to_be_visible()


def pay(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expires").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on card").fill("Ana Gil")
    for label, value in {"Address": "Calle Mayor 1", "City": "Madrid", "Postal code": "28001"}.items():
        field = page.get_by_label(label, exact=True)
        if field.count():
            field.fill(value)
    page.get_by_role("button", name="Subscribe and pay").click()


def choose_customers_password(page: Page) -> None:
    page.wait_for_url(re.compile("/signup/progress/"))
    page.get_by_label("Password").fill(CHOSEN)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("Your password is set")).to_be_visible()
    expect(page.get_by_role("heading", name="Your instance is running")).to_be_visible(timeout=60_000)


def open_the_instance(page: Page) -> None:
    page.get_by_role("link", name="Open your instance").click()
    expect(page.get_by_role("heading", name="Café Central, S.L.")).to_be_visible()
    assert page.url.startswith("http://central.localhost:")


def colleagues_work(page: Page) -> None:
    """The owner is a named user too."""
    for name in ("Ana Gil", "Luis Vera", "Marta Soler"):
        page.get_by_label("New user").fill(name)
        page.get_by_role("button", name="Add user").click()
    page.get_by_role("button", name="Everyone works today").click()


def see_the_usage(partner: Page, zone: Zone) -> None:
    """The instance tells by its next heartbeat, which is a second away; Stripe is told at once."""
    partner.goto("/instances/")
    partner.get_by_role("link", name=re.compile(r"^central\.")).click()
    expect_soon(partner, "4 at most")
    assert until(lambda: 4 in pending_quantities(zone), seconds=30)


def pending_quantities(zone: Zone) -> list[int]:
    return [item.quantity for item in zone.standin.v1.invoice_items.list().data]


def see_the_commission(partner: Page) -> None:
    """Four named users at 15.00 were invoiced with the renewal; a fifth of it is the partner's."""
    partner.goto("/commissions/")
    expect_soon(partner, "€12.00")
    row = partner.get_by_role("row").filter(has_text="€60.00")
    expect(row).to_contain_text("Café Central, S.L.")
    row.get_by_role("link").first.click()
    expect(partner.get_by_role("heading", name="Why this amount?")).to_be_visible()


def set_up_bank_account(partner: Page) -> None:
    partner.get_by_role("link", name="Payments").click()
    partner.get_by_role("button", name="Set up a bank account").click()
    partner.get_by_label("Account holder").fill("Iberia Soft")
    partner.get_by_label("IBAN or account number").fill("ES91 2100 0418 4502 0005 1332")
    partner.get_by_role("button", name="Save and continue").click()
    expect_soon(partner, "Your bank account is set up")


def approve_payment(proposer: Page, approver: Page) -> None:
    """Two pairs of eyes: who proposed it is refused."""
    proposer.goto("/admin/payments/payment/")
    for _ in range(60):  # the first invoice's event may have come before its customer, and is then taken a little later
        proposer.get_by_role("button", name="Draft what is payable").click()
        if proposer.get_by_role("row").filter(has_text="IBERIA-").count():
            break
        proposer.wait_for_timeout(1000)
    act(proposer, "Propose")
    act(proposer, "Approve (not what you proposed)")
    expect(proposer.get_by_text("someone else must approve it")).to_be_visible()
    approver.goto("/admin/payments/payment/")
    act(approver, "Approve (not what you proposed)")
    expect(approver.get_by_text("1 row done")).to_be_visible()


def act(admin: Page, action: str) -> None:
    admin.get_by_role("row").filter(has_text="IBERIA-").get_by_role("checkbox").check()
    admin.locator("select[name=action]").select_option(label=action)
    admin.get_by_role("button", name="Go", exact=True).click()


def see_the_payment(partner: Page, zone: Zone) -> None:
    """Commission on the first invoice was payable at once; the renewal's follows on its day."""
    partner.goto("/payments/")
    partner.get_by_role("link", name=re.compile("IBERIA-")).click()
    expect_soon(partner, "Paid on")
    expect(partner.locator(".facts .badge")).to_have_text("Paid")
    [transfer] = zone.standin.v1.transfers.list().data
    expect(partner.get_by_text(f"€{transfer.amount / 100:.2f}").first).to_be_visible()
    expect(partner.get_by_text(transfer.id).first).to_be_visible()


def expect_soon(page: Page, text: str) -> None:
    """Pages of a partner do not move by themselves: look again until it is there."""
    for _ in range(30):
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.get_by_text(text).first).to_be_visible()
