"""Signing in and out, and what a person does with password, address and second factors: in the trail of every team
that the person belongs to.

By Django's and allauth's signals: whoever signs in, by whichever page, passes there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from allauth.account import signals as accounts
from allauth.mfa import signals as factors
from django.contrib.auth import signals as sessions
from django.db import connection
from django.dispatch import receiver

from customers.models import Person
from ondemand import audit, clock
from ondemand.models import User
from ondemand.tenancy.context import Scope, tenant
from ondemand.tenancy.roles import Role
from partners.models import Member

DONE = {
    sessions.user_logged_in: "account.signed_in",
    sessions.user_logged_out: "account.signed_out",
    accounts.password_set: "account.password_chosen",
    accounts.password_changed: "account.password_changed",
    accounts.password_reset: "account.password_reset",
}
ADDRESSES = {
    accounts.email_added: ("account.email_added", "email_address"),
    accounts.email_changed: ("account.email_changed", "to_email_address"),
    accounts.email_removed: ("account.email_removed", "email_address"),
}
FACTORS = {
    factors.authenticator_added: "account.factor_added",
    factors.authenticator_removed: "account.factor_removed",
    factors.authenticator_reset: "account.factor_renewed",
    factors.authentication_failed: "account.code_failed",
}


@receiver(list(DONE))
def _done(signal: Any, user: User | None, **_: Any) -> None:
    if user is not None:
        _record(DONE[signal], user, actor=user)


@receiver(list(ADDRESSES))
def _address(signal: Any, user: User, **given: Any) -> None:
    verb, name = ADDRESSES[signal]
    _record(verb, user, actor=user, target=given[name].email)


@receiver(list(FACTORS))
def _factor(signal: Any, user: User, authenticator: Any, **_: Any) -> None:
    _record(FACTORS[signal], user, actor=user, factor=str(authenticator.type))


@receiver(sessions.user_login_failed)
def _failed(credentials: dict[str, Any], **_: Any) -> None:
    """What was typed is kept where it is a person's address; else it may be anything, even a password."""
    user = User.objects.filter(email__iexact=str(credentials.get("email", ""))).first()
    if user:
        _record("account.sign_in_failed", user, actor=audit.SOMEBODY, target=user.email)
    else:
        audit.record("account.sign_in_failed", now=clock.now(), actor=audit.SOMEBODY, target="?")


def _record(verb: str, user: User, **named: Any) -> None:
    """One entry for each of the person's teams, so that each owner reads it behind the own wall; one for nobody's."""
    now = clock.now()
    # allauth tells of some factors when the request's transaction is over
    with nullcontext() if connection.in_atomic_block else tenant(Scope(Role.AUTH)):
        for partner_id, customer_id in list(_teams(user)) or [(None, None)]:
            audit.record(verb, now=now, partner_id=partner_id, customer_id=customer_id, **named)


def _teams(user: User) -> Iterator[tuple[int | None, int | None]]:
    """Partner or customer: a customer's people are no business of its partner."""
    for partner_id in Member.objects.filter(user=user, active=True).values_list("partner_id", flat=True):
        yield partner_id, None
    for customer_id in Person.objects.filter(user=user, active=True).values_list("customer_id", flat=True):
        yield None, customer_id
