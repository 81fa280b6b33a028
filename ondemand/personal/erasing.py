"""Erasures: asked for, confirmed, done once. The row is the job; a killed one is carried on by the sweep.

First Stripe is told, between transactions; then one transaction takes every text out of the database.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils.translation import gettext as _

from customers.models import Customer, Invoice, Person, Subscription
from instances.models import Instance
from ondemand import audit
from ondemand.backoff import next_try
from ondemand.gateway.checkout import delete_customer
from ondemand.gateway.errors import GatewayError, NotFound
from ondemand.hints import hint
from ondemand.models import Erasure, StripeEvent, User
from ondemand.personal import erased_customer, erased_person, traces
from ondemand.tenancy.context import as_worker
from partners.models import Member
from signup.models import SignUp

JOB = "ondemand.personal.tasks.erase"
LEASE = timedelta(minutes=5)
OVERLAP = timedelta(minutes=10)


class ErasureRefused(Exception):
    """The message is for whoever asked."""


def refusal(subject: Customer | User) -> str:
    """Why the subject cannot be erased now; empty where it can."""
    return _of_customer(subject) if isinstance(subject, Customer) else _of_person(subject)


def _of_customer(customer: Customer) -> str:
    if Subscription.objects.live().filter(customer=customer).exists():
        return _("A subscription is still running. Once it has ended, everything can be erased.")
    if Instance.objects.live().filter(customer=customer).exists():
        return _("An instance has not ended yet. Once it has, everything can be erased.")
    unsettled = [Invoice.State.DRAFT, Invoice.State.OPEN]
    if Invoice.objects.filter(customer_id=customer.pk, state__in=unsettled).exists():
        return _("An invoice is not settled yet. Once it is, everything can be erased.")
    if SignUp.objects.filter(customer_id=customer.pk).exclude(state__in=SignUp.SETTLED).exists():
        return _("An order is under way. Once it has ended, everything can be erased.")
    return ""


def _of_person(user: User) -> str:
    if user.is_staff or user.is_superuser:
        return _("Staff are not erased: what they approved names them.")
    for seats, team in ((Member.objects, "partner"), (Person.objects.filter(customer__erased_at=None), "customer")):
        owned = seats.filter(user=user, role="owner", active=True)
        for seat in owned.select_related(team):
            owners = type(seat).objects.filter(role="owner", active=True, **{team: getattr(seat, team)})
            if not owners.exclude(user=user).exists():
                return _("%(name)s would be left without an owner: make somebody else an owner first.") % {
                    "name": getattr(seat, team)
                }
    return ""


def ask(customer: Customer, *, by: User, now: datetime) -> Erasure:
    """By the customer's owner; staff confirm it. Again: the same one. Raises ErasureRefused."""
    known = Erasure.objects.filter(customer_id=customer.pk).first()
    if known:
        return known
    _refuse(customer)
    made = Erasure.objects.create(
        partner_id=customer.partner_id, customer_id=customer.pk, asked_by=by.pk, asked_at=now, next_try_at=now
    )
    _record("asked", made, by, now)
    return made


def confirm(subject: Customer | User, *, reason: str, by: User, now: datetime) -> Erasure:
    """From now on it is being done, and nothing brings it back. Again: nothing more. Raises ErasureRefused."""
    of_it = _ids(subject)
    row, _new = Erasure.objects.get_or_create(
        **of_it, defaults={"asked_by": by.pk, "asked_at": now, "next_try_at": now}
    )
    if row.state != Erasure.State.ASKED:
        return row
    _refuse(subject)
    row.state, row.reason = Erasure.State.CONFIRMED, reason
    row.confirmed_by, row.confirmed_at, row.next_try_at = by.pk, now, now
    row.save()
    _record("confirmed", row, by, now)
    hint(JOB, row.pk)
    return row


def _refuse(subject: Customer | User) -> None:
    if why := refusal(subject):
        raise ErasureRefused(why)


def _ids(subject: Customer | User) -> dict[str, int | None]:
    if isinstance(subject, Customer):
        return {"partner_id": subject.partner_id, "customer_id": subject.pk, "user_id": None}
    return {"partner_id": None, "customer_id": None, "user_id": subject.pk}


def carry_out(erasure_id: int, *, now: datetime) -> str:
    """Do what was confirmed. Returns the row's state, or "" where others are at it."""
    with as_worker():
        if not Erasure.objects.due(now).filter(pk=erasure_id).update(next_try_at=now + LEASE):
            return ""
        subject = _subject(Erasure.objects.get(pk=erasure_id))
        why = refusal(subject)
        at_stripe = erased_customer.stripe_ids(subject) if isinstance(subject, Customer) and not why else []
        Erasure.objects.filter(pk=erasure_id).update(stripe_ids=at_stripe)
    if why:
        return _postpone(erasure_id, why, now)
    try:
        for stripe_id in at_stripe:
            with suppress(NotFound):  # it was deleted before
                delete_customer(stripe_id)
    except GatewayError as error:
        return _postpone(erasure_id, str(error), now)
    with as_worker():
        return _finish(erasure_id, now)


def _subject(row: Erasure) -> Customer | User:
    return Customer.objects.get(pk=row.customer_id) if row.customer_id else User.objects.get(pk=row.user_id or 0)


def _postpone(erasure_id: int, error: str, now: datetime) -> str:
    with as_worker():
        row = Erasure.objects.select_for_update().get(pk=erasure_id)
        row.tries, row.error = row.tries + 1, error[:300]
        row.next_try_at = next_try(now, row.tries)
        row.save()
    return row.state


def _finish(erasure_id: int, now: datetime) -> str:
    row = Erasure.objects.select_for_update().get(pk=erasure_id)
    if row.state == Erasure.State.DONE:
        return row.state
    subject = _subject(row)
    if isinstance(subject, Customer):
        erased_customer.erase(subject, now=now)
    else:
        erased_person.erase(subject, now=now)
    row.state, row.done_at, row.events_until, row.error = Erasure.State.DONE, now, now, ""
    row.save()
    _record("done", row, None, now)
    return row.state


def _record(verb: str, row: Erasure, by: User | None, now: datetime) -> None:
    """By id: the trail keeps no name of whom it was."""
    audit.record(
        f"erasure.{verb}",
        now=now,
        actor=by,
        partner_id=row.partner_id,
        customer_id=row.customer_id,
        target=str(row),
        erasure=row.pk,
    )


def reduce_late_events(*, now: datetime) -> int:
    """Stripe's echo of an erasure, such as customer.deleted, comes after it. Returns how many were reduced."""
    with as_worker():
        done = Erasure.objects.filter(state=Erasure.State.DONE, customer_id__isnull=False)
        since = done.aggregate(at=Min("events_until"))["at"]
        if since is None:
            return 0
        ids = {each for row in done for each in row.stripe_ids}
        count = traces.from_events(StripeEvent.objects.filter(received_at__gt=since - OVERLAP), ids)
        done.update(events_until=now)
    return count
