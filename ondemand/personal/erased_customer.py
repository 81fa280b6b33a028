"""A customer becomes a number. The ledger stays whole: no amount, date or id of it changes."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Replace

from commissions.models import Commission
from customers.models import (
    Assignment,
    Cancellation,
    Customer,
    HelpRequest,
    Invoice,
    InvoiceLine,
    LoginToken,
    Person,
    PersonInvitation,
    Subscription,
    UpcomingInvoice,
)
from instances.models import Deletion, Ending, Instance, InstanceEvent, Suspension, UsageCycle
from ondemand.accounts import end_sessions, retire_name
from ondemand.audit.entries import ERASED
from ondemand.models import StripeEvent, User
from ondemand.personal import erased_person, traces
from ondemand.personal.traces import NOWHERE
from ondemand.retention import TYPED
from partners.models import Member
from signup.models import SignUp


def alias_of(customer: Customer) -> str:
    return f"{ERASED} customer {customer.pk}"


def stripe_ids(customer: Customer) -> list[str]:
    """Every customer at Stripe that this one was, also in attempts to sign up that led to nothing."""
    others = _signups(customer).exclude(stripe_customer_id="").values_list("stripe_customer_id", flat=True)
    return sorted({customer.stripe_id, *others})


def erase(customer: Customer, *, now: datetime) -> None:
    """Within the worker's transaction, once no subscription, instance or invoice is open (see erasing.refusal)."""
    signups, people = _signups(customer), list(User.objects.filter(customer_roles__customer=customer).order_by("pk"))
    leaving = [user for user in people if not _belongs_elsewhere(user, customer)]
    _platform(customer, signups, leaving)
    _names(customer, now)
    _people(customer, people, leaving, now)
    _instances(customer, now)
    for name in {name.lower() for name in signups.values_list("username", flat=True) if name}:
        retire_name(name, now=now)
    signups.update(**dict.fromkeys(TYPED, ""), reason="")


def _signups(customer: Customer) -> QuerySet[SignUp]:
    """Its own, and those that were left by the same person."""
    theirs = Q(customer_id=customer.pk) | Q(customer_id=None, email__iexact=customer.contact_email)
    ids = SignUp.objects.settled().filter(theirs).values_list("pk", flat=True)
    return SignUp.objects.filter(pk__in=list(ids))


def _belongs_elsewhere(user: User, customer: Customer) -> bool:
    """Such a person stays, also by name in the trail: the account is theirs and not the customer's."""
    other_accounts = Person.objects.filter(user=user).exclude(customer=customer)
    return user.is_staff or other_accounts.exists() or Member.objects.filter(user=user).exists()


def _platform(customer: Customer, signups: QuerySet[SignUp], leaving: list[User]) -> None:
    """Its entries and mails, and those from before it was a customer; never what merely holds the same word."""
    typed = set(signups.values_list("email", flat=True)) | {customer.contact_email}
    before = Q(customer_id=None, partner_id=customer.partner_id, target__in=[str(signup) for signup in signups])
    traces.from_trail(Q(customer_id=customer.pk) | before, actors={user.pk for user in leaving})
    traces.from_mails(Q(customer_id=customer.pk) | Q(customer_id=None, recipient__in=typed))
    traces.from_events(StripeEvent.objects.all(), stripe_ids(customer))


def _names(customer: Customer, now: datetime) -> None:
    alias, of_it = alias_of(customer), Q(customer_id=customer.pk)
    Customer.objects.filter(pk=customer.pk).update(
        name=alias,
        contact_name="",
        contact_email=f"{ERASED}.{customer.pk}@{NOWHERE}",
        vat_number="",
        support_allowed=False,
        erased_at=now,
    )
    Assignment.objects.filter(of_it).update(name=alias)
    Commission.objects.filter(of_it).update(customer_name=alias)
    LoginToken.objects.filter(of_it).update(company=alias, reason=ERASED, opened=[])
    HelpRequest.objects.filter(of_it).update(who=alias, instance="", text="")
    Cancellation.objects.filter(of_it).update(text="")
    Subscription.objects.filter(of_it).update(card_brand="", card_last4="", card_ends=None)
    Ending.objects.filter(of_it).update(why=ERASED)
    Invoice.objects.filter(of_it).update(page_url="", pdf_url="")
    erased_person.withdraw(PersonInvitation.objects.filter(of_it), now=now)


def _people(customer: Customer, people: list[User], leaving: list[User], now: datetime) -> None:
    Person.objects.filter(customer=customer).update(active=False)
    for user in people:
        if user in leaving:
            erased_person.erase(user, now=now)
        else:
            end_sessions(user)


def _instances(customer: Customer, now: datetime) -> None:
    of_it = Q(customer_id=customer.pk)
    for instance in Instance.objects.filter(customer=customer):
        alias = f"{ERASED}.{instance.pk}"
        retire_name(instance.name, now=now)
        named = InvoiceLine.objects.filter(of_it, description__contains=instance.name)
        named.update(description=Replace("description", Value(instance.name), Value(alias)))
        Instance.objects.filter(pk=instance.pk).update(name=alias, address="", steps=[], error="")
    InstanceEvent.objects.filter(of_it).update(text="")
    Suspension.objects.filter(of_it).update(reason="")
    Deletion.objects.filter(of_it).update(backup_file="", error="")
    UsageCycle.objects.filter(of_it).update(error="")
    UpcomingInvoice.objects.filter(of_it).delete()
