"""The fixed cast: partner iberia, rival nordic, staff. Rows are made in the scopes that make them in life."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from django.test import Client

from commissions.services.accrual import accrue
from customers import support
from customers.models import Assignment, Customer, Invoice, InvoiceLine, Person, Subscription
from instances.models import Instance, UsageCycle, UsageReading
from ondemand import clock
from ondemand.models import User
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners.models import BankAccount, Campaign, Member, Partner, Plan, Product
from payments.models import Payment
from payments.services import preparing
from signup.models import PageVisits, SignUp
from signup.terms import CURRENT

PASSWORD = "ondemand-demo"
_numbers = count(1)


@dataclass
class House:
    """A partner with a member of each role, and its campaign for the product."""

    partner: Partner
    owner: User
    finance: User
    support: User
    campaign: Campaign

    @property
    def scope(self) -> Scope:
        return Scope(Role.WEB, partner_id=self.partner.pk)


@dataclass
class Cast:
    now: datetime
    plan: Plan
    iberia: House
    nordic: House
    staff: User


def make_cast(*, now: datetime) -> Cast:
    plan = make_plan(now=now)
    staff = make_user(email="staff@openbravo.example", is_staff=True)
    iberia, nordic = (make_house(code=code, product=plan.product, now=now) for code in ("iberia", "nordic"))
    return Cast(now, plan, iberia, nordic, staff)


def make_user(*, email: str, is_staff: bool = False) -> User:
    with as_worker():
        user = User(username=f"u{next(_numbers)}-test", email=email, is_staff=is_staff, is_superuser=is_staff)
        user.set_password(PASSWORD)
        user.save()
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def make_plan(*, now: datetime, currency: str = "EUR", code: str = "obps") -> Plan:
    """Base 49.00; above 2 users, 0 terminals and 10 GB: 12.00, 9.00 and 0.50 each."""
    with as_worker():
        product = Product.objects.create(code=code, name=code.upper(), retail=True, created_at=now)
        return Plan.objects.create(
            product=product,
            code="starter",
            name="Starter",
            currency=currency,
            base=4900,
            per_user=1200,
            per_terminal=900,
            per_gb=50,
            included_users=2,
            included_gb=10,
            stripe_base_price=f"price_{code}_base",
            stripe_gb_price=f"price_{code}_gb",
        )


def make_house(*, code: str, product: Product, now: datetime) -> House:
    began = now - timedelta(days=400)
    owner, finance, support = (make_user(email=f"{role}@{code}.example") for role in ("owner", "finance", "support"))
    with as_worker():
        partner = Partner.objects.create(code=code, name=code.capitalize(), country="ES", created_at=began)
        for user, role in zip((owner, finance, support), Member.Role, strict=True):
            Member.objects.create(partner=partner, user=user, role=role)
        slug = f"{code}-{product.code}"
        campaign = Campaign.objects.create(partner=partner, product=product, slug=slug, created_at=began)
    return House(partner, owner, finance, support, campaign)


def make_bank_account(*, house: House, now: datetime) -> BankAccount:
    with as_worker():
        account = f"acct_{next(_numbers)}"
        return BankAccount.objects.create(
            partner=house.partner, stripe_id=account, transfers_enabled=True, created_at=now
        )


def make_customer(
    *, house: House, plan: Plan, now: datetime, name: str = "", state: str = Customer.State.PAID
) -> Customer:
    """Acquired 100 days before `now`, with a subscription whose cycle began 10 days before it."""
    number = next(_numbers)
    with as_worker():
        customer = Customer.objects.create(
            partner=house.partner,
            name=name or f"Customer {number}",
            contact_name=f"Contact {number}",
            contact_email=f"contact{number}@example.test",
            country="ES",
            acquired_at=now - timedelta(days=100),
            plan=plan,
            state=state,
            currency=plan.currency,
            stripe_id=f"cus_{number}",
        )
        Assignment.objects.create(
            partner=house.partner, customer=customer, name=customer.name, since=customer.acquired_at
        )
        Subscription.objects.create(
            partner=house.partner,
            customer=customer,
            product=plan.product,
            plan=plan,
            stripe_id=f"sub_{number}",
            state=Subscription.State.ACTIVE,
            started_at=customer.acquired_at,
            anchor=now - timedelta(days=10),
            period_start=now - timedelta(days=10),
            period_end=now + timedelta(days=20),
        )
    return customer


def make_person(*, customer: Customer, email: str) -> User:
    user = make_user(email=email)
    seat_person(customer=customer, user=user)
    return user


def seat_person(*, customer: Customer, user: User) -> Person:
    with as_worker():
        return Person.objects.create(partner_id=customer.partner_id, customer=customer, user=user)


def make_login(
    *, customer: Customer, by: User, now: datetime, reason: str = "The till prints nothing"
) -> support.Entered:
    """A member of the customer's partner is in the account."""
    with as_worker():
        secret = support.issue(customer.pk, by=by, partner_id=customer.partner_id, reason=reason, now=now)
        return support.enter(secret, by=by, now=now)


def make_instance(*, customer: Customer, now: datetime, state: str = Instance.State.RUNNING) -> Instance:
    """Booted within 240 seconds; its last reading: 7 users, 3 terminals, 10.5 GB."""
    name, began = f"shop{next(_numbers)}", now - timedelta(days=99)
    with as_worker():
        subscription = customer.subscriptions.get()
        instance = Instance.objects.create(
            partner_id=customer.partner_id,
            customer=customer,
            subscription=subscription,
            product=subscription.product,
            plan=subscription.plan,
            name=name,
            address=f"http://{name}.localhost:9000",
            state=state,
            created_at=began,
            boot_started_at=began,
            answered_at=began + timedelta(seconds=230),
            running_at=began + timedelta(seconds=240),
            last_heartbeat_at=now,
            version="26.4",
            next_try_at=began,
            steps=[{"name": "machine", "label": "Server", "state": "done"}],
            activation_key=f"OB-KEY-{name}",
            heartbeat_key="secret",
            users=7,
            terminals=3,
            disk_mb=10_752,
        )
        Customer.objects.filter(pk=customer.pk).update(instances=1)
    return instance


def make_cycle(
    *, instance: Instance, now: datetime, peak: int = 7, meter: str = UsageCycle.Meter.USERS, months_ago: int = 0
) -> UsageCycle:
    """Of the instance's current cycle, or an earlier one; above two included units at 12.00."""
    starts = clock.months_later(now - timedelta(days=10), -months_ago)
    with as_worker():
        return UsageCycle.objects.create(
            partner_id=instance.partner_id,
            customer_id=instance.customer_id,
            assignment=Assignment.objects.get(customer_id=instance.customer_id),
            instance_id=instance.pk,
            subscription_stripe_id=instance.subscription.stripe_id,
            meter=meter,
            plan=instance.plan,
            starts=starts,
            ends=clock.months_later(starts, 1),
            included=2,
            unit_amount=1200,
            currency=instance.plan.currency,
            peak=peak,
            billable=max(peak - 2, 0),
            next_try_at=now,
        )


def make_reading(*, instance: Instance, day: date, users: int) -> UsageReading:
    with as_worker():
        assignment = Assignment.objects.get(customer_id=instance.customer_id)
    with tenant(Scope(Role.MACHINE)):
        return UsageReading.objects.create(
            partner_id=instance.partner_id,
            customer_id=instance.customer_id,
            assignment=assignment,
            instance_id=instance.pk,
            day=day,
            users=users,
            terminals=0,
            disk_mb=0,
            received_at=datetime.combine(day, datetime.max.time(), UTC),
        )


def make_invoice(
    *, customer: Customer, at: datetime, amounts: Sequence[int] = (4900,), paid: int | None = None
) -> Invoice:
    """One line per amount, without tax; paid in full unless `paid` says how much."""
    number, total = next(_numbers), sum(amounts)
    settled = total if paid is None else paid
    with as_worker():
        invoice = Invoice.objects.create(
            partner_id=customer.partner_id,
            customer_id=customer.pk,
            assignment=Assignment.objects.get(customer=customer),
            stripe_id=f"in_{number}",
            number=f"F-{number:04}",
            state=Invoice.State.PAID if settled == total else Invoice.State.OPEN,
            currency=customer.currency,
            subtotal=total,
            tax=0,
            total=total,
            due=total,
            paid=settled,
            remaining=total - settled,
            created_at=at,
            effective_at=at,
            paid_at=at if settled == total else None,
            page_url=f"https://invoice.example/{number}",
            pdf_url=f"https://invoice.example/{number}/pdf",
        )
        for position, amount in enumerate(amounts):
            make_line(invoice=invoice, plan=customer.plan, position=position, amount=amount)
    return invoice


def make_line(*, invoice: Invoice, plan: Plan, position: int, amount: int) -> InvoiceLine:
    """Within the caller's scope."""
    return InvoiceLine.objects.create(
        partner_id=invoice.partner_id,
        customer_id=invoice.customer_id,
        invoice=invoice,
        stripe_id=f"il_{next(_numbers)}",
        position=position,
        product=plan.product,
        plan=plan,
        meter=InvoiceLine.Meter.BASE,
        description="Starter",
        quantity=1,
        currency=invoice.currency,
        amount=amount,
        period_start=invoice.created_at,
        period_end=invoice.created_at + timedelta(days=30),
    )


def make_earnings(*, customer: Customer, at: datetime, amounts: Sequence[int] = (4900,)) -> Invoice:
    """A paid invoice and the commissions that accrual makes of it: 20 %, payable after 30 days."""
    invoice = make_invoice(customer=customer, at=at, amounts=amounts)
    accrue(now=at)
    return invoice


def make_payment(*, house: House, cast: Cast, state: str = Payment.State.PAID) -> Payment:
    """Of all that is payable now; approved, and brought on to `state` (sending, sent and paid follow)."""
    approver = make_user(email=f"approver{next(_numbers)}@openbravo.example", is_staff=True)
    with as_worker():
        payment = preparing.draft(house.partner.pk, cast.plan.currency, now=cast.now)
        assert payment is not None, "not enough is payable"
        preparing.propose(payment, by=cast.staff, now=cast.now)
        if state == Payment.State.PROPOSED:
            return payment
        preparing.approve(payment, by=approver, now=cast.now)
        for step in (Payment.State.SENDING, Payment.State.SENT, Payment.State.PAID):
            if state == Payment.State.APPROVED:
                break
            reached: dict[str, Any] = {"paid_at": cast.now} if step == Payment.State.PAID else {}
            if step == Payment.State.SENT:
                reached = {"sent_at": cast.now, "reference": f"tr_{uuid.uuid4().hex}"}
            Payment.objects.filter(pk=payment.pk).update(state=step, **reached)
            if step == state:
                break
    return payment


def make_visits(*, house: House, day: date, visits: int) -> PageVisits:
    with as_worker():
        return PageVisits.objects.create(partner=house.partner, campaign=house.campaign, day=day, visits=visits)


def make_signup(*, house: House, plan: Plan, now: datetime, instance: Instance | None = None) -> SignUp:
    """Left at the form; with an instance, completed by that instance's customer."""
    number = next(_numbers)
    became: dict[str, Any] = {}
    if instance:
        became = {"state": SignUp.State.COMPLETED, "customer_id": instance.customer_id, "instance_id": instance.pk}
    with as_worker():
        return SignUp.objects.create(
            partner=house.partner,
            campaign=house.campaign,
            plan=plan,
            company=f"Company {number}",
            contact_name=f"Contact {number}",
            email=f"signup{number}@example.test",
            username=f"signup{number}",
            country="ES",
            language="en",
            terms_version=CURRENT,
            terms_accepted_at=now,
            created_at=now,
            attempted_at=now,
            expires_at=now,
            next_try_at=now,
            **became,
        )


def sign_in(user: User, **sent: Any) -> Client:
    """A browser whose session is this person's, without the form. `sent`: what it says with each request (META)."""
    client = Client(**sent)
    with tenant(Scope(Role.AUTH)):
        client.force_login(user)
    return client


def sign_in_anew(user: User) -> Client:
    """Signed in, and the password given again just now."""
    browser = sign_in(user)
    assert browser.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return browser
