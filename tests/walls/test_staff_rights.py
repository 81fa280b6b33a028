"""To be staff is not enough: a screen of the admin, its actions and its own pages ask for the right to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client

from ondemand import clock
from ondemand.models import User
from ondemand.tenancy.context import Scope, tenant
from ondemand.tenancy.roles import Role
from partners.models import Partner
from payments.models import Payment
from tests import factories
from tests.factories import Cast, sign_in

pytestmark = pytest.mark.django_db
STAFF = Scope(Role.STAFF)
PAYMENTS, PARTNERS = "/admin/payments/payment/", "/admin/partners/partner/"


@pytest.fixture
def world() -> Cast:
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


def test_without_rights_no_screen_opens(world: Cast) -> None:
    browser = clerk()
    screens = [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]
    assert {address: browser.get(address).status_code for address in screens} == dict.fromkeys(screens, 403)
    adding = [f"{address}add/" for address in screens]
    assert {address: browser.get(address).status_code for address in adding} == dict.fromkeys(adding, 403)


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
