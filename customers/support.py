"""Log in as customer: a token for one use within a minute, and the session that it opens for half an hour."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from customers.models import Assignment, Customer, LoginToken, Person
from ondemand import audit, mail
from ondemand.models import User
from partners.models import Member, Partner

TOKEN_SECONDS = 60
SESSION_SECONDS = 30 * 60
AN_HOUR = 10
HELPERS = (Member.Role.OWNER, Member.Role.SUPPORT)
# Both conditions of life and of use stand in the one statement: of all who come at once, one finds the row.
USE = """
UPDATE customers_logintoken
SET used_at = %(now)s, session_digest = %(session)s, session_expires_at = %(ends)s
WHERE digest = %(token)s AND user_id = %(user)s
  AND used_at IS NULL AND cancelled_at IS NULL AND expires_at > %(now)s
RETURNING *"""


class LoginRefused(Exception):
    """The message is for the member."""


@dataclass(frozen=True)
class Entered:
    token: LoginToken
    session: str  # what the browser keeps


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def issue(customer_id: int, *, by: User, partner_id: int, reason: str, now: datetime) -> str:
    """A new token for the member; it cancels the older ones. Returns the secret, which is kept nowhere.

    Raises LoginRefused where the customer refuses, after ten within an hour, and from within a support session.
    """
    User.objects.select_for_update().get(pk=by.pk)
    customer = Customer.objects.get(pk=customer_id, partner_id=partner_id)
    _refuse_where_not_allowed(customer, by, now)
    mine = LoginToken.objects.filter(user=by)
    mine.unused().update(cancelled_at=now)
    secret = secrets.token_urlsafe(32)
    token = LoginToken.objects.create(
        partner_id=partner_id,
        customer_id=customer.pk,
        assignment=Assignment.objects.get(customer=customer, partner_id=partner_id, until=None),
        user=by,
        who=f"{by.name}, {by.email}" if by.name != by.email else by.email,
        company=customer.name,
        reason=reason,
        digest=digest(secret),
        created_at=now,
        expires_at=now + timedelta(seconds=TOKEN_SECONDS),
    )
    note("login_as.token", token, by=by, now=now)
    return secret


def _refuse_where_not_allowed(customer: Customer, by: User, now: datetime) -> None:
    if not customer.support_allowed:
        raise LoginRefused(_("This customer does not allow support access."))
    mine = LoginToken.objects.filter(user=by)
    if mine.running(now).exists():
        raise LoginRefused(_("You are in a customer's account already. End that first."))
    if mine.filter(created_at__gt=now - timedelta(hours=1)).count() >= AN_HOUR:
        raise LoginRefused(_("Ten times within an hour is the limit. Try again later."))


def enter(secret: str, *, by: User, now: datetime) -> Entered:
    """Use the token up and begin its session; the customer is mailed. Raises LoginRefused."""
    refused = LoginRefused(_("This sign-in was used before, has expired, or a newer one took its place."))
    found = LoginToken.objects.filter(digest=digest(secret), user=by).first()
    if found is None or not _still_allowed(found):
        raise refused
    session = secrets.token_urlsafe(32)
    ends = now + timedelta(seconds=SESSION_SECONDS)
    given = {"now": now, "session": digest(session), "ends": ends, "token": found.digest, "user": by.pk}
    won = list(LoginToken.objects.raw(USE, given))
    if not won:
        raise refused
    note("login_as.entered", won[0], by=by, now=now)
    _tell_customer(won[0], now)
    return Entered(won[0], session)


def _still_allowed(token: LoginToken) -> bool:
    """The customer's row is locked: a refusal comes before this, or ends what this begins."""
    allowed = Customer.objects.select_for_update().filter(
        pk=token.customer_id, partner_id=token.partner_id, support_allowed=True
    )
    return allowed.first() is not None and helper_of(token) is not None


def helper_of(token: LoginToken) -> Member | None:
    """The member, while able to be in there: active, and still an owner or of support."""
    able = Member.objects.filter(active=True, role__in=HELPERS, user__is_active=True)
    return able.filter(partner_id=token.partner_id, user_id=token.user_id).first()


def _tell_customer(token: LoginToken, now: datetime) -> None:
    customer = Customer.objects.get(pk=token.customer_id)
    owners = Person.objects.filter(customer=customer, role=Person.Role.OWNER).select_related("user")
    readers = {person.user.email: person.user.language for person in owners} or {customer.contact_email: "en"}
    partner = Partner.objects.get(pk=token.partner_id)
    for to, language in readers.items():
        mail.queue(
            f"login-as-{token.pk}-{digest(to)[:16]}",
            template="login_as",
            to=to,
            language=language,
            context={"token": token, "partner": partner, "url": f"{settings.ONDEMAND_URL}/account/access/"},
            now=now,
            partner_id=token.partner_id,
            customer_id=token.customer_id,
            reply_to=partner.support_email,
        )


def end(tokens: Iterable[LoginToken], *, by: User, ending: LoginToken.Ending, now: datetime) -> int:
    """End those that run, written down once each. Returns how many that were."""
    running = LoginToken.objects.running(now)
    ended = [token for token in tokens if running.filter(pk=token.pk).update(ended_at=now, ending=ending)]
    for token in ended:
        note("login_as.ended", token, by=by, now=now, ending=ending.value)
    return len(ended)


def allow(customer_id: int, allowed: bool, *, by: User, now: datetime) -> None:
    """Whether the partner's members may come in; a refusal ends who is there and what could still be used."""
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    if customer.support_allowed == allowed:
        return
    Customer.objects.filter(pk=customer_id).update(support_allowed=allowed)
    audit.record(
        "login_as.allowed" if allowed else "login_as.refused",
        now=now,
        actor=by,
        partner_id=customer.partner_id,
        customer_id=customer_id,
        target=customer.name,
    )
    if not allowed:
        here = LoginToken.objects.filter(customer_id=customer_id)
        here.unused().update(cancelled_at=now)
        end(here.running(now), by=by, ending=LoginToken.Ending.REFUSED, now=now)


def note(verb: str, token: LoginToken, *, by: User, now: datetime, **detail: str) -> None:
    """Whoever acts is the entry's actor; the member stands beside, as does the customer."""
    audit.record(
        verb,
        now=now,
        actor=by,
        partner_id=token.partner_id,
        customer_id=token.customer_id,
        target=token.company,
        member=token.who,
        reason=token.reason,
        **detail,
    )
