"""A world whose victim, partner iberia and its customer, carries marks in every private text."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg2
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.contenttypes.models import ContentType
from django.utils.http import int_to_base36

from commissions.models import Commission
from commissions.services.accrual import accrue
from customers.models import Customer, Invoice, LoginToken, Person, PersonInvitation
from instances.models import Instance
from ondemand import clock, testing
from ondemand.models import User
from ondemand.teams.invitations import LIFETIME
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners.models import BankAccount, Invitation, Member, Partner
from payments.models import Payment
from signup.models import SignUp
from signup.terms import CURRENT
from tests import factories
from tests.factories import Cast
from tests.walls.addresses import Values

MARK = "kestrel7"
MACHINE_MARK = "actkey5"
MONEY_MARKS = ("77,777.77", "15,555.55", "transfer9")
AMOUNT = 7_777_777
NOBODY = str(2**40)
UNKNOWN = "3f2b6d3e-0000-4000-8000-000000000000"
# What a stranger may change by coming: a sign-up page counts its visits.
COUNTED = {"signup_pagevisits"}


@dataclass(frozen=True)
class Marked:
    cast: Cast
    customer: Customer
    instance: Instance
    commission: Commission
    payment: Payment
    signup: SignUp
    passkey: Authenticator
    session: UserSession
    login: LoginToken
    seat: Member
    invitation: Invitation
    person_seat: Person
    person_invitation: PersonInvitation
    neighbour: User
    rivals_customer: User

    def values(self) -> Values:
        iberia, uid = self.cast.iberia, int_to_base36(self.cast.iberia.owner.pk)
        with tenant(Scope(Role.STAFF)):
            customers = ContentType.objects.get_for_model(Customer).pk
        foreign: dict[tuple[str, str], Any] = {
            ("customers/", "pk"): self.customer.pk,
            ("instances/", "pk"): self.instance.pk,
            ("account/instances/", "pk"): self.instance.pk,
            ("account/access/", "pk"): self.login.pk,
            ("account/subscriptions/", "pk"): self.instance.subscription_id,
            ("commissions/", "pk"): self.commission.pk,
            ("payments/", "pk"): self.payment.pk,
            ("team/invitations/", "pk"): self.invitation.pk,
            ("team/", "pk"): self.seat.pk,
            ("account/team/invitations/", "pk"): self.person_invitation.pk,
            ("account/team/", "pk"): self.person_seat.pk,
            ("accounts/join/", "token"): "no-such-token",  # whoever has one was sent it
            ("sign-up-pages/", "pk"): iberia.campaign.pk,
            ("sign-up-pages/", "form"): "svg",
            ("signup/", "slug"): iberia.campaign.slug,
            ("signup/", "token"): "no-such-token",  # whoever has one was sent it
            ("signup/", "version"): CURRENT,
            ("signup/", "public_id"): self.signup.public_id,
            ("accounts/2fa/webauthn/keys/", "pk"): self.passkey.pk,
            ("accounts/sessions/", "pk"): self.session.pk,
            ("accounts/", "uidb36"): uid,
            ("accounts/", "key"): "set-password",
            ("admin/partners/partner/", "partner_id"): iberia.partner.pk,
            ("admin/customers/customer/", "object_id"): self.customer.pk,
            ("admin/instances/instance/", "object_id"): self.instance.pk,
            ("admin/payments/payment/", "object_id"): self.payment.pk,
            ("admin/ondemand/erasure/customer/", "pk"): self.customer.pk,
            ("admin/ondemand/erasure/person/", "pk"): iberia.owner.pk,
            ("admin/", "object_id"): iberia.partner.pk,
            ("admin/ondemand/user/", "id"): iberia.owner.pk,
            ("admin/", "content_type_id"): customers,
            ("admin/", "app_label"): "customers",
            ("admin/", "url"): "customers",
        }
        missing = dict.fromkeys(("pk", "object_id", "id", "partner_id", "content_type_id"), NOBODY) | {
            "form": "svg",
            "slug": "no-such-page",
            "version": "1999-01",
            "token": "no-such-token",
            "public_id": UNKNOWN,
            "uidb36": "zzzzzz",
            "key": "set-password",
            "app_label": "signup",
            "url": "nothing",
        }
        return Values({key: str(value) for key, value in foreign.items()}, missing)

    def named_ids(self) -> dict[str, str]:
        """Every name under which a form, filter or header might ask for another's rows."""
        partner, customer = str(self.cast.iberia.partner.pk), str(self.customer.pk)
        return {
            "partner": partner,
            "partner_id": partner,
            "customer": customer,
            "customer_id": customer,
            "instance": str(self.instance.pk),
            "payment": str(self.payment.pk),
            "member": str(self.cast.iberia.owner.pk),
            "user": str(self.cast.iberia.owner.pk),
        }


def make_marked() -> Marked:
    """Made with real commits. Nordic has a customer too, so that its own pages are not empty."""
    cast = factories.make_cast(now=clock.now())
    customer, instance = _victim(cast)
    commission, payment = _money(cast, customer)
    open_instance = factories.make_instance(customer=_customer(cast, "Open Ltd"), now=cast.now)
    signup = factories.make_signup(house=cast.iberia, plan=cast.plan, now=cast.now, instance=open_instance)
    others = factories.make_customer(house=cast.nordic, plan=cast.plan, now=cast.now, name="Fjord")
    with as_worker():
        data = {"name": f"{MARK} passkey", "credential": {}}
        passkey = Authenticator.objects.create(user=cast.iberia.owner, type="webauthn", data=data)
    return Marked(
        cast,
        customer,
        instance,
        commission,
        payment,
        signup,
        passkey,
        _session(cast),
        _login(cast, customer),
        *_teams(cast, customer),
        neighbour=factories.make_person(customer=_customer(cast, "Neighbour"), email="ana@neighbour.example"),
        rivals_customer=factories.make_person(customer=others, email="ola@fjord.example"),
    )


def _customer(cast: Cast, name: str) -> Customer:
    return factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now, name=name)


def _victim(cast: Cast) -> tuple[Customer, Instance]:
    customer = _customer(cast, f"{MARK} S.L.")
    instance = factories.make_instance(customer=customer, now=cast.now)
    names = {"contact_name": f"Ana {MARK}", "contact_email": f"ana@{MARK}.example", "stripe_id": f"cus_{MARK}"}
    with as_worker():
        Customer.objects.filter(pk=customer.pk).update(**names)
        Instance.objects.filter(pk=instance.pk).update(
            name=f"{MARK}{MACHINE_MARK}",
            address=f"http://{MARK}{MACHINE_MARK}.localhost:9000",
            activation_key=f"{MARK}-{MACHINE_MARK}",
        )
        customer.refresh_from_db()
        instance.refresh_from_db()
    factories.make_reading(instance=instance, day=cast.now.date(), users=7)
    factories.make_cycle(instance=instance, now=cast.now)
    factories.make_person(customer=customer, email=f"owner@{MARK}.example")
    return customer, instance


def _session(cast: Cast) -> UserSession:
    given = {"ip": "192.0.2.1", "session_key": "k" * 32, "user_agent": f"{MARK} browser"}
    with tenant(Scope(Role.AUTH)):
        return UserSession.objects.create(user=cast.iberia.owner, **given)


def _login(cast: Cast, customer: Customer) -> LoginToken:
    """A member is in the victim's account."""
    return factories.make_login(customer=customer, by=cast.iberia.owner, now=cast.now, reason=f"{MARK} asked").token


def _money(cast: Cast, customer: Customer) -> tuple[Commission, Payment]:
    paid_at = clock.months_later(cast.now, -2)
    invoice = factories.make_invoice(customer=customer, at=paid_at, amounts=[AMOUNT])
    account = factories.make_bank_account(house=cast.iberia, now=cast.now)
    with as_worker():
        Invoice.objects.filter(pk=invoice.pk).update(number=f"F-{MARK}", page_url=f"https://invoice.example/{MARK}")
        BankAccount.objects.filter(pk=account.pk).update(stripe_id=f"acct_{MARK}")
    accrue(now=paid_at)
    payment = factories.make_payment(house=cast.iberia, cast=cast)
    with as_worker():
        Payment.objects.filter(pk=payment.pk).update(reference=f"tr_{MARK}_transfer9")
        return Commission.objects.get(customer_id=customer.pk), payment


def signed_in_as(marked: Marked) -> dict[str, Callable[[], Any]]:
    """Who has no business with the victim: nobody, its rival, and customers beside it and elsewhere."""
    return {
        "anonymous": lambda: None,
        "the rival's owner": lambda: marked.cast.nordic.owner,
        "another customer": lambda: marked.neighbour,
        "the rival's customer": lambda: marked.rivals_customer,
    }


def _teams(cast: Cast, customer: Customer) -> tuple[Member, Invitation, Person, PersonInvitation]:
    """A seat and an open invitation on each side."""
    open_until = {"created_at": cast.now, "expires_at": cast.now + LIFETIME}
    invited: dict[str, Any] = open_until | {"email": f"new@{MARK}.example", "partner_id": customer.partner_id}
    with as_worker():
        return (
            Member.objects.get(user=cast.iberia.finance),
            Invitation.objects.create(role=Member.Role.FINANCE, **invited),
            Person.objects.get(customer=customer),
            PersonInvitation.objects.create(role=Person.Role.BILLING, customer=customer, **invited),
        )


def rows_of(partner: Partner, database: str) -> dict[str, tuple[int, str]]:
    """How many rows of each table are this partner's, and a hash of them; read past every wall."""
    with psycopg2.connect(testing.postgres.url(database, "postgres")) as way, way.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE column_name = 'partner_id' AND table_schema = 'public'"
        )
        own = [(name, "partner_id") for (name,) in cursor.fetchall() if name not in COUNTED]
        found = {}
        for table, column in [*own, ("partners_partner", "id")]:
            cursor.execute(f'SELECT t::text FROM "{table}" t WHERE "{column}" = %s ORDER BY 1', [partner.pk])
            rows = [row for (row,) in cursor.fetchall()]
            found[table] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    way.close()
    return found
