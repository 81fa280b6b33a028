"""/admin/ runs as portal_staff, for staff alone; staff may look at a portal, read-only."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from pytest_django.asserts import assertRedirects

from commissions.models import CommissionTerms
from ondemand import clock
from ondemand.models import AuditEntry, Mail, User
from ondemand.scopes import scope_of
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners.models import Campaign, Partner, Product
from payments.models import Payment
from tests import factories
from tests.factories import Cast, sign_in

pytestmark = pytest.mark.django_db
STAFF = Scope(Role.STAFF)
PAYMENTS = "/admin/payments/payment/"


@pytest.fixture
def world() -> Cast:
    """Iberia has a customer with everything; what is payable is not in a payment yet."""
    cast = factories.make_cast(now=clock.now())
    customer = factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now, name="Of iberia")
    factories.make_instance(customer=customer, now=cast.now)
    factories.make_bank_account(house=cast.iberia, now=cast.now)
    factories.make_earnings(customer=customer, at=cast.now - timedelta(days=40), amounts=(40_000,))
    return cast


@pytest.fixture
def staff(world: Cast) -> Client:
    return sign_in(world.staff)


def addresses() -> list[tuple[str, Any]]:
    found = [(f"/admin/{m._meta.app_label}/{m._meta.model_name}/", m) for m in admin.site._registry]
    assert len(found) > 15
    return found


def test_every_list_opens(staff: Client) -> None:
    for address, _ in addresses():
        assert staff.get(address).status_code == 200, address
        assert staff.get(address, {"q": "x\u202e'%"}).status_code == 200, address


def test_every_form_opens_or_is_not_for_staff(staff: Client) -> None:
    answers = {address: staff.get(f"{address}add/").status_code for address, _ in addresses()}
    assert set(answers.values()) <= {200, 403}, answers
    assert answers["/admin/partners/partner/"] == answers["/admin/commissions/commissionterms/"] == 200


@pytest.mark.parametrize("page", ["change", "history"])
def test_every_row_opens(staff: Client, page: str) -> None:
    met = 0
    for address, model in addresses():
        with tenant(STAFF):
            row = model.objects.values_list("pk", flat=True).first()
        if row:
            met += 1
            assert staff.get(f"{address}{row}/{page}/").status_code == 200, address
    assert met > 8


def test_the_admins_login_is_allauths(client: Client) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")


def test_a_member_is_refused(world: Cast) -> None:
    browser = sign_in(world.iberia.owner)
    assert browser.get("/admin/customers/customer/", follow=True).status_code == 403
    look = f"/admin/partners/partner/{world.nordic.partner.pk}/look/"
    assert browser.post(look, follow=True).status_code == 403


def test_the_address_alone_makes_nobody_staff(world: Cast, rf: RequestFactory) -> None:
    request: Any = rf.get("/admin/")
    for user, role in ((world.iberia.owner, Role.AUTH), (world.staff, Role.STAFF)):
        request.user, request.support = user, None
        assert scope_of(request).role == role


ENROLMENT = {
    "code": "aegean",
    "name": "Aegean",
    "country": "GR",
    "owner_name": "Eleni",
    "owner_email": "eleni@aegean.example",
}


def test_a_partner_is_enrolled_in_one_step(staff: Client) -> None:
    assertRedirects(staff.post("/admin/partners/partner/add/", ENROLMENT), "/admin/partners/partner/")
    with as_worker():
        assert Campaign.objects.filter(partner__code="aegean").count() == 1
        assert Mail.objects.get(recipient="eleni@aegean.example").partner_id
        assert AuditEntry.objects.get(verb="partner.enrolled", target="aegean").actor == "staff@openbravo.example"


def test_anothers_code_is_refused_in_words(staff: Client) -> None:
    answer = staff.post("/admin/partners/partner/add/", ENROLMENT | {"code": "iberia"})
    assert "belongs to another partner" in answer.content.decode()


def test_a_product_gets_a_campaign_for_every_partner(staff: Client) -> None:
    plan = {"code": "one", "name": "One", "base": 100, "per_user": 1, "per_terminal": 1, "per_gb": 1}
    more = {"included_users": 0, "included_terminals": 0, "included_gb": 0, "active": "on", "position": 0}
    form = {"code": "crm", "name": "CRM", "description": "", "active": "on", "plans-TOTAL_FORMS": 1}
    form |= {"plans-INITIAL_FORMS": 0} | {f"plans-0-{name}": value for name, value in (plan | more).items()}
    assertRedirects(staff.post("/admin/partners/product/add/", form), "/admin/partners/product/")
    with as_worker():
        assert Product.objects.get(code="crm").plans.get().currency == "EUR"
        assert Campaign.objects.filter(product__code="crm").count() == 2


def test_terms_that_begin_earlier_end_there(staff: Client, world: Cast) -> None:
    starts = clock.business_day(world.now) + timedelta(days=5)
    form = {
        "partner": world.iberia.partner.pk,
        "product": world.plan.product_id,
        "rate": 3000,
        "hold_days": 30,
        "starts": starts.isoformat(),
    }
    address = "/admin/commissions/commissionterms/"
    assertRedirects(staff.post(f"{address}add/", form), address)
    with as_worker():
        terms = CommissionTerms.objects.filter(partner=world.iberia.partner).order_by("starts")
        assert [(each.rate, each.ends) for each in terms] == [(2000, starts), (3000, None)]
    assert "Other terms begin on that day" in staff.post(f"{address}add/", form).content.decode()


def act(browser: Client, action: str) -> str:
    with as_worker():
        payment = Payment.objects.get()
    form = {"action": action, "_selected_action": payment.pk}
    return str(browser.post(PAYMENTS, form, follow=True).content.decode())


def state() -> str:
    with as_worker():
        return Payment.objects.get().state


def approver() -> Client:
    return sign_in(factories.make_user(email="approver@openbravo.example", is_staff=True))


def test_a_payment_is_approved_by_a_second_person(staff: Client) -> None:
    staff.post(f"{PAYMENTS}draft/")
    assert state() == Payment.State.DRAFT
    act(staff, "propose")
    assert "someone else must approve it" in act(staff, "approve")
    assert state() == Payment.State.PROPOSED
    act(approver(), "approve")
    assert state() == Payment.State.APPROVED


def test_a_cancelled_payment_frees_its_commissions(staff: Client) -> None:
    staff.post(f"{PAYMENTS}draft/")
    act(staff, "cancel")
    staff.post(f"{PAYMENTS}draft/")
    with as_worker():
        assert sorted(Payment.objects.values_list("state", flat=True)) == ["cancelled", "draft"]


def test_staff_look_at_a_portal_and_change_nothing(staff: Client, world: Cast) -> None:
    assertRedirects(staff.post(f"/admin/partners/partner/{world.iberia.partner.pk}/look/"), "/dashboard/")
    with as_worker():
        entry = AuditEntry.objects.get(verb="partner.looked_at")
    assert (entry.actor, entry.partner_id) == ("staff@openbravo.example", world.iberia.partner.pk)
    assert "Of iberia" in staff.get("/customers/").content.decode()
    assert staff.post("/customers/").status_code in (403, 405)


def test_who_is_staff_no_more_looks_at_no_portal(staff: Client, world: Cast) -> None:
    staff.post(f"/admin/partners/partner/{world.iberia.partner.pk}/look/")
    assert staff.get("/customers/").status_code == 200
    with as_worker():
        User.objects.filter(pk=world.staff.pk).update(is_staff=False)
    assert staff.get("/customers/").status_code == 403
    assert staff.get("/admin/customers/customer/", follow=True).status_code == 403


def test_a_suspended_partner_is_reactivated(staff: Client, world: Cast) -> None:
    for action, wanted in (("suspend", Partner.State.SUSPENDED), ("reactivate", Partner.State.ACTIVE)):
        form = {"action": action, "_selected_action": world.nordic.partner.pk}
        assertRedirects(staff.post("/admin/partners/partner/", form), "/admin/partners/partner/")
        with as_worker():
            assert Partner.objects.get(pk=world.nordic.partner.pk).state == wanted


def test_a_person_is_made_and_changed(staff: Client) -> None:
    form = {"username": "new-person", "password1": "a-good-long-pass", "password2": "a-good-long-pass"}
    answer = staff.post("/admin/ondemand/user/add/", form | {"usable_password": "true", "email": "n@o.example"})
    assert answer.status_code == 302, re.findall(r"errorlist[^>]*>(.*?)</ul>", answer.content.decode())
    with as_worker():
        assert User.objects.get(username="new-person").email == "n@o.example"
