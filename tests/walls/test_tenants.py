"""Who meets which rows, whatever a view forgets to ask for."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, connection
from django.test import Client

from customers.models import Customer, Invoice, Person
from ondemand import clock
from ondemand.models import AuditEntry, User
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners.models import Member
from tests import factories
from tests.factories import Cast, sign_in

pytestmark = pytest.mark.django_db
STAFF = Scope(Role.STAFF)


@pytest.fixture
def world() -> Cast:
    """Iberia's and nordic's customer, each with an invoice."""
    cast = factories.make_cast(now=clock.now())
    for house in (cast.iberia, cast.nordic):
        customer = factories.make_customer(house=house, plan=cast.plan, now=cast.now, name=f"Of {house.partner.code}")
        factories.make_invoice(customer=customer, at=cast.now)
    return cast


def test_a_query_that_forgets_the_partner_meets_own_rows_only(world: Cast) -> None:
    with tenant(world.iberia.scope):
        assert [customer.name for customer in Customer.objects.all()] == ["Of iberia"]
        assert {invoice.partner_id for invoice in Invoice.objects.all()} == {world.iberia.partner.pk}


def test_a_member_sees_colleagues_only(world: Cast) -> None:
    with tenant(world.iberia.scope):
        assert {user.email.partition("@")[2] for user in User.objects.all()} == {"iberia.example"}


def test_anothers_detail_is_404(world: Cast) -> None:
    browser = sign_in(world.iberia.owner)
    with as_worker():
        own, foreign = (Customer.objects.get(name=f"Of {code}").pk for code in ("iberia", "nordic"))
    assert browser.get(f"/customers/{own}/").status_code == 200
    assert browser.get(f"/customers/{foreign}/").status_code == 404


def test_a_row_for_another_tenant_is_refused(world: Cast) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), tenant(world.iberia.scope):
        AuditEntry.objects.create(
            at=world.now, verb="x", actor="x", partner_id=world.nordic.partner.pk, for_partner=True
        )


def test_code_that_enters_no_role_is_denied(world: Cast) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("SELECT FROM customers_customer")


@pytest.mark.parametrize("role", [Role.AUTH, Role.MACHINE, Role.SIGNUP])
def test_a_role_without_business_there_is_denied(world: Cast, role: Role) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), tenant(Scope(role)):
        Customer.objects.first()


@pytest.mark.parametrize("role", [Role.WEB, Role.CUSTOMER])
def test_without_a_tenant_there_are_no_rows(world: Cast, role: Role) -> None:
    with tenant(Scope(role)):
        assert not Customer.objects.exists()


def test_a_child_of_another_tenants_parent_is_refused(world: Cast) -> None:
    with as_worker():
        foreign = Customer.objects.get(name="Of nordic")
    with pytest.raises(IntegrityError, match="customers_person_customers_customer_wall"), tenant(STAFF):
        Person.objects.create(partner=world.iberia.partner, customer=foreign, user=world.iberia.owner)


def test_a_deferred_key_is_checked_as_at_commit(world: Cast) -> None:
    with pytest.raises(IntegrityError, match="foreign key"), tenant(STAFF):
        Member.objects.create(partner=world.iberia.partner, user_id=2**40)


def test_an_insert_only_role_reads_nothing_back(world: Cast) -> None:
    auth = Scope(Role.AUTH)
    with tenant(auth):
        assert AuditEntry.objects.create(at=world.now, verb="account.signed_in", actor="x").pk
    with pytest.raises(ProgrammingError, match="permission denied"), tenant(auth):
        AuditEntry.objects.get(verb="account.signed_in")


def test_read_only_is_the_databases_word(world: Cast) -> None:
    scope = Scope(Role.WEB, partner_id=world.nordic.partner.pk, read_only=True)
    with pytest.raises((InternalError, ProgrammingError), match="read-only|permission"), tenant(scope):
        AuditEntry.objects.create(
            at=world.now, verb="x", actor="x", partner_id=world.nordic.partner.pk, for_partner=True
        )


def test_scopes_do_not_nest() -> None:
    with pytest.raises(RuntimeError, match="durable"), as_worker(), as_worker():
        pass


def test_after_a_request_the_connection_is_nobody(world: Cast) -> None:
    sign_in(world.iberia.owner).get("/customers/")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('app.partner_id', true)")
        assert cursor.fetchone() == ("portal_app", "")


def test_anonymous_is_sent_to_sign_in(world: Cast, client: Client) -> None:
    assert client.get("/customers/")["Location"] == "/accounts/login/?next=/customers/"
