"""A customer's beginning; what is then known of it comes from Stripe (see customers.sync)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from customers.models import Assignment, Customer, Person
from customers.sync import write_subscription
from ondemand import audit
from ondemand.gateway.checkout import open_billing_portal
from ondemand.gateway.subscriptions import SubscriptionFacts
from ondemand.models import User
from partners.models import Plan


@dataclass(frozen=True)
class NewCustomer:
    name: str
    contact_name: str
    contact_email: str
    country: str
    vat_number: str
    stripe_id: str


def register(new: NewCustomer, *, partner_id: int, plan: Plan, owner: User, now: datetime) -> Customer:
    """The customer, its owner and whose customer it is from now on. Again with the same Stripe id: the same one."""
    known = Customer.objects.filter(partner_id=partner_id, stripe_id=new.stripe_id).first()
    if known:
        return known
    customer = Customer.objects.create(
        partner_id=partner_id, acquired_at=now, plan=plan, currency=plan.currency, **vars(new)
    )
    Person.objects.create(partner_id=partner_id, customer=customer, user=owner, role=Person.Role.OWNER)
    Assignment.objects.create(partner_id=partner_id, customer=customer, name=new.name, since=now)
    audit.record(
        "customer.registered", now=now, actor=owner, partner_id=partner_id, customer_id=customer.pk, target=new.name
    )
    return customer


def begin_subscription(customer: Customer, facts: SubscriptionFacts, *, now: datetime) -> int:
    """The subscription's row, made or brought up to date. Returns its id."""
    return write_subscription(customer, facts, now=now).pk


def card_url(customer: Customer, *, return_url: str) -> str:
    """Stripe's page where the customer changes the card."""
    return open_billing_portal(customer=customer.stripe_id, return_url=return_url)
