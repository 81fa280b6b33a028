"""Who may have what erased, from where, and what becomes of a person."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from customers.models import Customer, Person, Subscription
from instances.models import Instance
from ondemand import audit, clock, mail
from ondemand.models import AuditEntry, Erasure, Mail, User
from ondemand.personal import erased_customer, erasing
from ondemand.personal.erasing import ErasureRefused
from ondemand.personal.tasks import sweep
from ondemand.tenancy.context import as_worker
from partners.models import Member
from tests import factories
from tests.factories import PASSWORD, Cast, sign_in, sign_in_anew

pytestmark = pytest.mark.django_db
SURE = {"sure": "on"}


@dataclass
class World:
    cast: Cast
    customer: Customer
    ana: User

    def end(self) -> None:
        with as_worker():
            Subscription.objects.filter(customer=self.customer).update(state=Subscription.State.CANCELED)
            Instance.objects.filter(customer=self.customer).update(state=Instance.State.TERMINATED, running_at=None)


@pytest.fixture
def world() -> World:
    cast = factories.make_cast(now=clock.now())
    customer = factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now, name="Bodegas Vega")
    factories.make_instance(customer=customer, now=cast.now)
    return World(cast, customer, factories.make_person(customer=customer, email="ana@vega.example"))


def erasures() -> list[Erasure]:
    with as_worker():
        return list(Erasure.objects.order_by("pk"))


def user(pk: int) -> User:
    with as_worker():
        return User.objects.get(pk=pk)


def test_the_owner_is_told_why_not_yet(world: World) -> None:
    browser = sign_in_anew(world.ana)
    assert "A subscription is still running" in browser.get("/account/data/").content.decode()
    answer = browser.post("/account/data/erase/", SURE)
    assert (answer.status_code, erasures()) == (422, [])
    assert "A subscription is still running" in answer.content.decode()


def test_the_owner_asks_after_the_end_once(world: World) -> None:
    world.end()
    browser = sign_in_anew(world.ana)
    for _ in range(2):
        assert browser.post("/account/data/erase/", SURE).status_code == 302
    (asked,) = erasures()
    assert (asked.state, asked.customer_id, asked.asked_by) == ("asked", world.customer.pk, world.ana.pk)
    assert "Staff confirm it" in browser.get("/account/data/").content.decode()
    with as_worker():
        assert AuditEntry.objects.filter(verb="erasure.asked").count() == 1


def test_an_open_invoice_comes_first(world: World) -> None:
    world.end()
    factories.make_invoice(customer=world.customer, at=world.cast.now, paid=0)
    assert "An invoice is not settled yet" in sign_in(world.ana).get("/account/data/").content.decode()


@pytest.mark.parametrize("url", ["/account/data/erase/", "/accounts/data/erase/"])
def test_without_saying_so_nothing_is_erased(world: World, url: str) -> None:
    world.end()
    factories.make_person(customer=world.customer, email="bea@vega.example")
    answer = sign_in_anew(world.ana).post(url, {})
    assert (answer.status_code, erasures()) == (422, [])
    assert "Say so, and it goes on." in answer.content.decode()


def test_the_password_is_asked_for_first(world: World) -> None:
    world.end()
    for url in ("/account/data/erase/", "/accounts/data/erase/"):
        assert sign_in(world.ana).post(url, SURE)["Location"].startswith("/accounts/reauthenticate/")
    assert erasures() == []


def test_billing_people_do_not_ask(world: World) -> None:
    world.end()
    factories.make_person(customer=world.customer, email="bea@vega.example")
    with as_worker():
        Person.objects.filter(user=world.ana).update(role=Person.Role.BILLING)
    assert sign_in_anew(world.ana).post("/account/data/erase/", SURE).status_code == 403
    assert erasures() == []


def test_staff_confirm_with_a_reason(world: World) -> None:
    world.end()
    staff, page = sign_in(world.cast.staff), f"/admin/ondemand/erasure/customer/{world.customer.pk}/"
    assert page in staff.get("/admin/customers/customer/").content.decode()
    assert staff.post(page, SURE).status_code == 200  # no reason
    assert erasures() == []
    assert staff.post(page, SURE | {"reason": "by letter"}).status_code == 302
    (confirmed,) = erasures()
    assert (confirmed.state, confirmed.reason, confirmed.confirmed_by) == (
        "confirmed",
        "by letter",
        world.cast.staff.pk,
    )


def test_to_be_staff_is_not_enough(world: World) -> None:
    world.end()
    clerk = factories.make_user(email="clerk@openbravo.example", is_staff=True)
    with as_worker():
        User.objects.filter(pk=clerk.pk).update(is_superuser=False)
    browser, page = sign_in(user(clerk.pk)), f"/admin/ondemand/erasure/customer/{world.customer.pk}/"
    assert browser.get(page).status_code == 403
    assert browser.post(page, SURE | {"reason": "by letter"}).status_code == 403
    assert erasures() == []


def test_staff_are_told_why_not_yet(world: World) -> None:
    page = f"/admin/ondemand/erasure/customer/{world.customer.pk}/"
    answer = sign_in(world.cast.staff).post(page, SURE | {"reason": "by letter"})
    assert "A subscription is still running" in answer.content.decode()
    assert erasures() == []


def test_a_member_erases_the_own_account(world: World) -> None:
    finance = world.cast.iberia.finance
    with as_worker():
        audit.record("list.exported", now=world.cast.now, actor=finance, partner_id=world.cast.iberia.partner.pk)
        mail.queue("m", template="invitation", to=finance.email, language="en", context={"days": 7}, now=world.cast.now)
    browser = sign_in_anew(finance)
    assert browser.post("/accounts/data/erase/", SURE)["Location"] == "/accounts/login/"
    assert browser.get("/dashboard/")["Location"].startswith("/accounts/login/")
    gone = user(finance.pk)
    alias = f"erased.{finance.pk}"
    assert (gone.email, gone.username, gone.is_active) == (f"{alias}@erased.invalid", alias, False)
    with as_worker():
        assert not EmailAddress.objects.filter(user=gone).exists()
        assert not Member.objects.get(user=gone).active
        assert Mail.objects.get(key="m").recipient == "mail@erased.invalid"
        entry = AuditEntry.objects.get(actor_id=finance.pk, verb="list.exported")
        assert entry.actor == "erased"
    assert (
        Client().post("/accounts/login/", {"login": "finance@iberia.example", "password": PASSWORD}).status_code == 200
    )


@pytest.mark.parametrize("side", ["partner", "customer"])
def test_the_last_owner_stays(world: World, side: str) -> None:
    owner = world.cast.iberia.owner if side == "partner" else world.ana
    browser = sign_in_anew(owner)
    assert "would be left without an owner" in browser.get("/accounts/data/").content.decode()
    assert browser.post("/accounts/data/erase/", SURE).status_code == 422
    assert (user(owner.pk).email, erasures()) == (owner.email, [])


def test_the_contact_passes_to_another_owner(world: World) -> None:
    bea = factories.make_person(customer=world.customer, email="bea@vega.example")
    with as_worker():
        Customer.objects.filter(pk=world.customer.pk).update(contact_name="Ana", contact_email=world.ana.email)
    sign_in_anew(world.ana).post("/accounts/data/erase/", SURE)
    with as_worker():
        world.customer.refresh_from_db()
    assert world.customer.contact_email == bea.email


def test_staff_erase_a_member_but_not_each_other(world: World) -> None:
    staff = sign_in(world.cast.staff)
    page = "/admin/ondemand/erasure/person/{}/".format
    assert "Staff are not erased" in staff.get(page(world.cast.staff.pk)).content.decode()
    assert staff.post(page(world.cast.iberia.support.pk), SURE | {"reason": "by letter"}).status_code == 302
    sweep()
    assert user(world.cast.iberia.support.pk).username.startswith("erased.")
    sweep()
    assert [row.state for row in erasures()] == ["done"]


def test_who_owns_alone_meanwhile_is_not_erased(world: World) -> None:
    """Between the confirmation and the job the other owner left."""
    bea = factories.make_person(customer=world.customer, email="bea@vega.example")
    with as_worker():
        row = erasing.confirm(world.ana, reason="by letter", by=world.cast.staff, now=world.cast.now)
        Person.objects.filter(user=bea).update(active=False)
    assert erasing.carry_out(row.pk, now=world.cast.now) == "confirmed"
    (waits,) = erasures()
    assert "would be left without an owner" in waits.error
    assert user(world.ana.pk).email == "ana@vega.example"


def test_a_person_who_belongs_elsewhere_stays(world: World) -> None:
    with as_worker():
        Member.objects.create(partner=world.cast.nordic.partner, user=world.ana, role=Member.Role.SUPPORT)
    world.end()
    with as_worker():
        erased_customer.erase(Customer.objects.get(pk=world.customer.pk), now=world.cast.now)
    assert user(world.ana.pk).email == "ana@vega.example"
    browser = sign_in(user(world.ana.pk))
    assert browser.get("/account/").status_code == 403
    assert browser.get("/dashboard/").status_code == 200


def test_the_same_cannot_be_confirmed_where_it_is_refused(world: World) -> None:
    with pytest.raises(ErasureRefused, match="still running"), as_worker():
        erasing.confirm(world.customer, reason="by letter", by=world.cast.staff, now=world.cast.now)
