"""To be staff is not enough: a screen of the admin, its actions and its own pages ask for the right to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.test import Client

from ondemand import clock
from ondemand.models import User
from ondemand.tenancy.context import Scope, tenant
from ondemand.tenancy.roles import Role
from partners.models import Partner
from payments.models import Payment
from tests import factories
from tests.conftest import in_ci
from tests.factories import Cast, sign_in
from tests.walls.addresses import Address, addresses
from tests.walls.marked import make_marked

pytestmark = in_ci

STAFF = Scope(Role.STAFF)
PAYMENTS, PARTNERS = "/admin/payments/payment/", "/admin/partners/partner/"


@pytest.fixture
def world(db: None) -> Cast:
    """Iberia has a payment that somebody proposed."""
    cast = factories.make_cast(now=clock.now())
    customer = factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now)
    factories.make_bank_account(house=cast.iberia, now=cast.now)
    factories.make_earnings(customer=customer, at=cast.now - timedelta(days=40), amounts=(40_000,))
    factories.make_payment(house=cast.iberia, cast=cast, state=Payment.State.PROPOSED)
    return cast


def clerk(*rights: str) -> Client:
    """Staff with these rights alone."""
    user = factories.make_user(email="clerk@openbravo.example", is_staff=True)
    with tenant(STAFF):
        User.objects.filter(pk=user.pk).update(is_superuser=False)
        user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return sign_in(user)


def act(browser: Client, address: str, action: str, pk: int) -> None:
    browser.post(address, {"action": action, "_selected_action": pk})


def payment() -> Payment:
    with tenant(STAFF):
        return Payment.objects.get()


# For everyone of staff.
OPEN = {"index", "jsi18n", "login", "logout", "password_change", "password_change_done"}
OPEN |= {"partners_partner_stop_looking", "view_on_site"}


def is_refused(answer: Any, address: Address) -> bool:
    """Or led away: from no row to the index, and by Django from a row to its form, whose address is another here."""
    if answer.status_code in (301, 302):
        return answer["Location"] == "/admin/" or not address.name
    return answer.status_code in (403, 404, 405)


def test_without_rights_no_page_opens(fresh_database: str) -> None:
    values, wrong, met = make_marked().values(), [], 0
    browser = clerk()
    for address in addresses():
        if not address.is_admin or address.name in OPEN:
            continue
        path, _ = values.paths(address)
        for answer in (browser.get(path), browser.post(path)):
            met += 1
            if not is_refused(answer, address):
                wrong.append(f"{answer.request['REQUEST_METHOD']} {path}: {answer.status_code}")
    assert met > 150
    assert not wrong, "\n".join(wrong)


def test_without_rights_no_partner_is_enrolled_and_no_payment_drafted(world: Cast) -> None:
    browser, enrolment = clerk("view_partner", "view_payment"), {"code": "x", "name": "X", "country": "ES"}
    owner = {"owner_name": "X", "owner_email": "x@x.example"}
    assert browser.post(f"{PARTNERS}add/", enrolment | owner).status_code == 403
    assert browser.post(f"{PAYMENTS}draft/").status_code == 403


def test_who_may_view_payments_approves_none(world: Cast) -> None:
    browser = clerk("view_payment")
    assert browser.get(PAYMENTS).status_code == 200
    act(browser, PAYMENTS, "approve", payment().pk)
    assert payment().state == Payment.State.PROPOSED


def test_who_may_change_payments_approves(world: Cast) -> None:
    act(clerk("view_payment", "change_payment"), PAYMENTS, "approve", payment().pk)
    assert payment().state == Payment.State.APPROVED


def test_who_may_view_partners_looks_at_no_portal_and_suspends_none(world: Cast) -> None:
    browser, iberia = clerk("view_partner"), world.iberia.partner
    assert browser.post(f"{PARTNERS}{iberia.pk}/look/").status_code == 403
    act(browser, PARTNERS, "suspend", iberia.pk)
    with tenant(STAFF):
        assert Partner.objects.get(pk=iberia.pk).state == Partner.State.ACTIVE


def test_staff_see_nobodys_second_factor(world: Cast) -> None:
    with tenant(STAFF):
        factor = Authenticator.objects.create(user=world.iberia.owner, type="totp", data={"secret": "GEZDGNBV"})
    page = sign_in(world.staff).get(f"/admin/mfa/authenticator/{factor.pk}/change/")
    assert page.status_code == 200
    assert "GEZDGNBV" not in page.content.decode()
