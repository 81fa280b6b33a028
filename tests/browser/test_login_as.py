"""A member helps in a customer's account, in a real browser: from the click to the banner, an instance and End."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Request, expect

from customers.models import Customer
from instances.models import Instance
from ondemand import clock
from ondemand.servers.processes import until
from tests.browser.windows import Windows
from tests.browser.zone import Zone
from tests.conftest import in_ci
from tests.factories import PASSWORD, make_cast, make_customer, make_instance, make_person

pytestmark = in_ci

MEMBER, OWNER, REASON = "support@iberia.example", "ana@vega.example", "The till prints nothing"
BANNER = f"You are in the account of Bodegas Vega as {MEMBER}"


@pytest.fixture
def customer(fresh_database: str) -> Customer:
    cast = make_cast(now=clock.now())
    made = make_customer(house=cast.iberia, plan=cast.plan, now=cast.now, name="Bodegas Vega")
    make_person(customer=made, email=OWNER)
    return made


@pytest.fixture
def instance(customer: Customer, zone: Zone) -> Instance:
    """Running at the server park, too."""
    made = make_instance(customer=customer, now=clock.now())
    zone.park.settings(boot_seconds=0)
    zone.park.boot(str(made.public_id), name=made.name, company=customer.name)
    assert until(lambda: zone.park.show(str(made.public_id))["state"] == "running", seconds=30)
    return made


def test_a_member_helps_and_the_customer_has_the_last_word(
    customer: Customer, instance: Instance, zone: Zone, windows: Windows
) -> None:
    member, owner = windows.sign_in(MEMBER, PASSWORD), windows.sign_in(OWNER, PASSWORD)
    sent: list[Request] = []
    member.on("request", lambda request: sent.append(request))
    log_in_as_customer(member, customer)
    see_the_banner(member)
    open_the_instance(member, instance)
    meet_a_refusal(member, windows)
    read_who_is_here(owner, zone)
    end(member, customer)
    refuse(owner)
    read_the_refusal(member, customer, windows)
    the_token_was_in_a_body_alone(sent, zone)


def log_in_as_customer(member: Page, customer: Customer) -> None:
    """The password is asked for on the way; then a reason."""
    member.goto(f"/customers/{customer.pk}/")
    member.get_by_role("link", name="Log in as customer").click()
    member.get_by_label("Password").fill(PASSWORD)
    member.locator("form:has(input[type=password]) button[type=submit]").click()
    expect(member.get_by_role("heading", name="Log in as customer")).to_be_visible()
    member.get_by_role("button", name="Log in as customer").click()
    expect(member.get_by_role("link", name="Reason: This field is required")).to_be_visible()
    member.get_by_label("Reason").fill(REASON)
    member.get_by_role("button", name="Log in as customer").click()
    member.wait_for_url("**/account/")


def see_the_banner(member: Page) -> None:
    for path in ("/account/access/", "/account/"):
        member.goto(path)
        expect(member.get_by_text(BANNER)).to_be_visible()


def open_the_instance(member: Page, instance: Instance) -> None:
    member.get_by_role("button", name="Open").click()
    expect(member.get_by_text(BANNER)).to_be_visible()
    member.get_by_role("link", name="Open").click()
    member.wait_for_url(f"http://{instance.name}.localhost:*/")
    expect(member.get_by_text(re.compile(f"Signed in as {MEMBER} .*Support user"))).to_be_visible()


def meet_a_refusal(member: Page, windows: Windows) -> None:
    assert refused(member, "/accounts/password/change/", windows)
    expect(member.get_by_text("stay with the customer")).to_be_visible()
    expect(member.get_by_text(BANNER)).to_be_visible()


def refused(member: Page, path: str, windows: Windows) -> bool:
    """The browser complains of a 403 on its console, which is right here."""
    answer = member.goto(path)
    complaints = [each for each in windows.complaints if "403" not in each]
    windows.complaints[:] = complaints
    return answer is not None and answer.status == 403


def read_who_is_here(owner: Page, zone: Zone) -> None:
    assert REASON in zone.mail_to(OWNER)
    owner.get_by_role("link", name="Who was here").click()
    expect(owner.get_by_text(f"{MEMBER} is in this account now")).to_be_visible()
    expect(owner.get_by_role("row").filter(has_text=REASON)).to_be_visible()


def end(member: Page, customer: Customer) -> None:
    member.get_by_role("button", name="End").click()
    member.wait_for_url(f"**/customers/{customer.pk}/")
    expect(member.get_by_text(BANNER)).not_to_be_visible()
    expect(member.get_by_role("row").filter(has_text=REASON)).to_be_visible()


def refuse(owner: Page) -> None:
    owner.get_by_role("button", name="Refuse support access").click()
    expect(owner.get_by_text("Nobody of your partner may enter this account")).to_be_visible()


def read_the_refusal(member: Page, customer: Customer, windows: Windows) -> None:
    assert refused(member, f"/customers/{customer.pk}/login/", windows)
    expect(member.get_by_text("This customer does not allow support access")).to_be_visible()


def the_token_was_in_a_body_alone(sent: list[Request], zone: Zone) -> None:
    [body] = [each.post_data or "" for each in sent if each.url.endswith("/account/support/enter/")]
    [token] = parse_qs(body)["token"]
    assert [each.url for each in sent if token in each.url or token in each.headers.get("referer", "")] == []
    assert token not in zone.log("web") + zone.log("worker")
