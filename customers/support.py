"""Log in as customer: a token for one use within a minute, and the session that it opens for half an hour."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Assignment, Customer, LoginToken, Person
from ondemand import audit, mail
from ondemand.digests import digest
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


class Why(models.TextChoices):
    """Why a member does not come in: for the audit trail, and for the member."""

    REFUSED = "refused", _("This customer does not allow support access.")
    NESTED = "nested", _("You are in a customer's account already. End that first.")
    OFTEN = "often", _("Ten times within an hour is the limit. Try again later.")
    NO_RIGHT = "no right", _("You may no longer enter this customer's account.")
    USED = "used", _("This sign-in was used before. Begin again at the customer's page.")
    EXPIRED = "expired", _("This sign-in has expired: it lives for a minute. Begin again at the customer's page.")
    CANCELLED = "cancelled", _("A newer sign-in took this one's place. Begin again at the customer's page.")
    UNKNOWN = "unknown", _("This is no sign-in of yours. Begin again at the customer's page.")


class LoginRefused(Exception):
    """The message is for the member. Without a token nobody knows whose account it would have been."""

    def __init__(self, why: Why, token: LoginToken | None) -> None:
        super().__init__(str(why.label))
        self.why, self.token = why, token


@dataclass(frozen=True)
class Entered:
    token: LoginToken
    session: str  # what the browser keeps


@dataclass(frozen=True)
class SupportSession:
    """A member within a customer's account."""

    token: LoginToken
    member: Member


def issue(customer_id: int, *, by: User, partner_id: int, reason: str, now: datetime) -> str:
    """A new token for the member; it cancels the older ones. Returns the secret, which is kept nowhere.

    Raises LoginRefused where the customer refuses, after ten within an hour, and from within a support session.
    """
    User.objects.select_for_update().get(pk=by.pk)
    customer = Customer.objects.get(pk=customer_id, partner_id=partner_id)
    secret = secrets.token_urlsafe(32)
    token = LoginToken(
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
    if why := why_not(customer, by=by, now=now) or (None if helper_of(token) else Why.NO_RIGHT):
        raise LoginRefused(why, token)
    LoginToken.objects.filter(user=by).unused().update(cancelled_at=now)
    token.save()
    note("login_as.token", token, by=by, now=now)
    return secret


def why_not(customer: Customer, *, by: User, now: datetime) -> Why | None:
    """What keeps a member of the right role out of this account now."""
    mine = LoginToken.objects.filter(user=by)
    if not customer.support_allowed:
        return Why.REFUSED
    if mine.running(now).exists():
        return Why.NESTED
    often = mine.filter(created_at__gt=now - timedelta(hours=1)).count() >= AN_HOUR
    return Why.OFTEN if often else None


def enter(secret: str, *, by: User, now: datetime) -> Entered:
    """Use the token up and begin its session; the customer is mailed. Raises LoginRefused."""
    token = LoginToken.objects.filter(digest=digest(secret)).first()
    if token is None or token.user_id != by.pk:
        raise LoginRefused(Why.UNKNOWN, token)
    # Locked: a refusal comes before this, or ends what this begins.
    customer = Customer.objects.select_for_update().get(pk=token.customer_id)
    if not customer.support_allowed:
        raise LoginRefused(Why.REFUSED, token)
    if helper_of(token) is None:
        raise LoginRefused(Why.NO_RIGHT, token)
    session = secrets.token_urlsafe(32)
    ends = now + timedelta(seconds=SESSION_SECONDS)
    given = {"now": now, "session": digest(session), "ends": ends, "token": token.digest, "user": by.pk}
    won = list(LoginToken.objects.raw(USE, given))
    if not won:
        raise LoginRefused(_why_over(token, now), token)
    note("login_as.entered", won[0], by=by, now=now)
    _tell_customer(won[0], now)
    return Entered(won[0], session)


def _why_over(token: LoginToken, now: datetime) -> Why:
    """Where nothing else is known of it, somebody was quicker."""
    if token.cancelled_at:
        return Why.CANCELLED
    return Why.EXPIRED if token.used_at is None and token.expires_at <= now else Why.USED


def helper_of(token: LoginToken) -> Member | None:
    """The member, while an active owner or of support, of an active partner whose customer it still is, and willing."""
    willing = Customer.objects.filter(pk=token.customer_id, partner_id=token.partner_id, support_allowed=True)
    if not willing.exists():
        return None
    able = Member.objects.filter(active=True, role__in=HELPERS, user__is_active=True)
    able = able.filter(partner__state=Partner.State.ACTIVE)
    return able.filter(partner_id=token.partner_id, user_id=token.user_id).first()


def session_of(secret: str, *, by: User, now: datetime) -> SupportSession | None:
    """What the browser's secret opens. It ends here where the right to it has gone."""
    token = LoginToken.objects.running(now).filter(user=by, session_digest=digest(secret)).first()
    member = token and helper_of(token)
    if token and member:
        return SupportSession(token, member)
    if token:
        end([token], by=None, ending=LoginToken.Ending.RIGHT, now=now)
    return None


def end_without_right(*, now: datetime) -> int:
    """End what runs although the right to it has gone, so that the customer's list says so. Returns how many."""
    lost = [token for token in LoginToken.objects.running(now) if helper_of(token) is None]
    return end(lost, by=None, ending=LoginToken.Ending.RIGHT, now=now)


def _tell_customer(token: LoginToken, now: datetime) -> None:
    customer = Customer.objects.get(pk=token.customer_id)
    owners = Person.objects.filter(customer=customer, role=Person.Role.OWNER, active=True).select_related("user")
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


def end(tokens: Iterable[LoginToken], *, by: User | None, ending: LoginToken.Ending, now: datetime) -> int:
    """End those that run, written down once each. Returns how many that were."""
    running = LoginToken.objects.running(now)
    ended = [token for token in tokens if running.filter(pk=token.pk).update(ended_at=now, ending=ending)]
    for token in ended:
        note("login_as.ended", token, by=by, now=now, ending=ending.value)
    return len(ended)


def opened(token: LoginToken, instance: str, *, by: User, now: datetime) -> bool:
    """Write down which instance the member enters, unless the session has ended meanwhile: then False."""
    here = LoginToken.objects.running(now).select_for_update().filter(pk=token.pk).first()
    if here is None:
        return False
    LoginToken.objects.filter(pk=here.pk).update(opened=[*dict.fromkeys([*here.opened, instance])])
    note("login_as.opened", here, by=by, now=now, instance=instance)
    return True


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


def note(verb: str, token: LoginToken, *, by: User | None, now: datetime, **detail: str) -> None:
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


def note_forbidden(token: LoginToken, what: str, *, by: User, now: datetime) -> None:
    """`what`: the name of an address that the member sent a form to, although not listed for that."""
    note("login_as.forbidden", token, by=by, now=now, what=what)


def note_refusal(refused: LoginRefused, *, by: User, now: datetime) -> None:
    """What was tried in vain; in a transaction of its own, as the refusal undid the other."""
    if refused.token:
        note("login_as.denied", refused.token, by=by, now=now, why=refused.why.value)
    else:
        audit.record("login_as.denied", now=now, actor=by, member=by.email, why=refused.why.value)
