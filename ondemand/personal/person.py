"""Everything that is kept of one person. Two scopes read it, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils.translation import gettext_lazy as _

from customers.models import Person
from ondemand.models import AuditEntry, User
from ondemand.personal.archive import Table, Told
from partners.models import Member


def account(user: User) -> Iterator[Table]:
    """What portal_auth may read. Secrets (password, keys) are no data about the person and stay where they are."""
    yield Table(
        "account",
        _("Your account."),
        [
            Told("number", "pk", meaning=_("its number here")),
            Told("first_name", "first_name", meaning=_("first name")),
            Told("last_name", "last_name", meaning=_("last name")),
            Told("email", "email", meaning=_("e-mail address")),
            Told("username", "username", meaning=_("name in the instances")),
            Told("language", "language", meaning=_("language of mails")),
            Told("since", "date_joined", meaning=_("when it was made")),
            Told("last_sign_in", "last_login", meaning=_("when you signed in last")),
        ],
        User.objects.filter(pk=user.pk),
    )
    yield Table(
        "email_addresses",
        _("Addresses by which you sign in."),
        [
            Told("email", "email", meaning=_("e-mail address")),
            Told("primary", "primary", meaning=_("whether mails go there")),
            Told("verified", "verified", meaning=_("whether it was confirmed")),
        ],
        EmailAddress.objects.filter(user=user).order_by("pk"),
    )
    yield Table(
        "second_factors",
        _("Your second factors, without their secrets."),
        [
            Told("kind", "type", meaning=_("totp, webauthn or recovery_codes")),
            Told("since", "created_at", meaning=_("when it was set up")),
            Told("last_used", "last_used_at", meaning=_("when it was used last")),
        ],
        Authenticator.objects.filter(user=user).order_by("pk"),
    )
    yield Table(
        "sessions",
        _("Where you signed in lately."),
        [
            Told("since", "created_at", meaning=_("when you signed in")),
            Told("address", "ip", meaning=_("from which network address")),
            Told("browser", "user_agent", meaning=_("what your browser said it is")),
        ],
        UserSession.objects.filter(user=user).order_by("pk"),
    )


def belonging(user: User) -> Iterator[Table]:
    """What the worker reads: a person's rows lie with several tenants, and none of these may see the others'."""
    yield Table(
        "memberships",
        _("Partners whose portal you work in."),
        [
            Told("partner", "partner__name", meaning=_("partner")),
            Told("role", "role", meaning=_("owner, finance or support")),
            Told("active", "active", meaning=_("whether you may come in")),
        ],
        Member.objects.filter(user=user).order_by("pk"),
    )
    yield Table(
        "accounts",
        _("Customers whose account you belong to."),
        [
            Told("customer", "customer__name", meaning=_("company")),
            Told("role", "role", meaning=_("owner, billing or technical")),
            Told("active", "active", meaning=_("whether you may come in")),
        ],
        Person.objects.filter(user=user).order_by("pk"),
    )
    yield Table(
        "audit_trail",
        _("What you did."),
        [
            Told("at", "at", meaning=_("when")),
            Told("deed", "verb", meaning=_("what was done")),
            Told("target", "target", meaning=_("to what")),
            Told("detail", "detail", meaning=_("more about it, as JSON")),
            Told("from", "address", meaning=_("from which network address, for 30 days")),
        ],
        AuditEntry.objects.filter(actor_id=user.pk).order_by("at", "pk"),
    )
