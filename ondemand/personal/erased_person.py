"""A person becomes a number: what the rows about them say afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.db.models import CharField, Q, Value
from django.db.models.functions import Cast, Concat

from customers.models import Cancellation, Customer, HelpRequest, LoginToken, Person, PersonInvitation
from ondemand.accounts import end_sessions, retire_name
from ondemand.audit.entries import ERASED
from ondemand.models import User
from ondemand.personal import traces
from ondemand.personal.traces import NOWHERE
from partners.models import Invitation, Member
from signup.models import SignUp


def alias_of(user: User) -> str:
    """A dot stands in no username that can be chosen."""
    return f"{ERASED}.{user.pk}"


def erase(user: User, *, now: datetime) -> None:
    """Within the worker's transaction. Whoever still needs an owner was asked before (see erasing.refusal)."""
    email = user.email
    _platform(user)
    _leave(user)
    _account(user, now)
    for kind in (Invitation, PersonInvitation):
        withdraw(kind.objects.filter(email__iexact=email), now=now)
    SignUp.objects.settled().filter(Q(user_id=user.pk) | Q(email__iexact=email)).update(
        contact_name="", email=f"{alias_of(user)}@{NOWHERE}", network=""
    )
    LoginToken.objects.filter(user=user).update(who=alias_of(user))
    Cancellation.objects.filter(by=user).update(text="")
    HelpRequest.objects.filter(user=user).update(who=alias_of(user), text="")


def _platform(user: User) -> None:
    """What the person did and got, and what names the e-mail address, which is nobody else's."""
    named = Q(target__iexact=user.email) | Q(detail__icontains=user.email)
    traces.from_trail(named, actors={user.pk})
    traces.from_mails(Q(recipient__iexact=user.email) | Q(text__icontains=user.email))
    about = Q(content_type__app_label="ondemand", content_type__model="user", object_id=str(user.pk))
    traces.from_log(about | Q(object_repr__icontains=user.email) | Q(change_message__icontains=user.email))


def _leave(user: User) -> None:
    Member.objects.filter(user=user).update(active=False)
    Person.objects.filter(user=user).update(active=False)
    for customer in Customer.objects.filter(contact_email__iexact=user.email, erased_at=None):
        _hand_contact_on(customer, user)


def _hand_contact_on(customer: Customer, leaves: User) -> None:
    """The primary contact is an owner's (life.md)."""
    owners = Person.objects.filter(customer=customer, role=Person.Role.OWNER, active=True).exclude(user=leaves)
    heir = owners.select_related("user").order_by("pk").first()
    name, email = (heir.user.name, heir.user.email) if heir else ("", f"{alias_of(leaves)}@{NOWHERE}")
    Customer.objects.filter(pk=customer.pk).update(contact_name=name[:100], contact_email=email)


def _account(user: User, now: datetime) -> None:
    retire_name(user.username, now=now)
    EmailAddress.objects.filter(user=user).delete()
    UserSession.objects.filter(user=user).delete()
    end_sessions(user)
    User.objects.filter(pk=user.pk).update(
        first_name="",
        last_name="",
        username=alias_of(user),
        email=f"{alias_of(user)}@{NOWHERE}",
        password=make_password(None),
        is_active=False,
        last_login=None,
    )
    Authenticator.objects.filter(user=user).delete()  # now that nobody is mailed of it


def withdraw(invitations: Any, *, now: datetime) -> None:
    """Addressed to nobody; the rows go in their time (retention)."""
    invitations.pending().update(withdrawn_at=now)
    invitations.update(email=Concat(Value(f"{ERASED}."), Cast("pk", CharField()), Value(f"@{NOWHERE}")))
