"""What is done with a team. Callers run in the worker's scope, with rows that were looked up behind the walls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from ondemand import audit, mail
from ondemand.accounts import end_sessions, free_username, person, prove_address
from ondemand.digests import digest
from ondemand.models import Mail, User
from ondemand.teams.invitations import LIFETIME, new_token

MOST_PENDING = 50
AN_HOUR = 20


@dataclass(frozen=True)
class Team:
    """`keys`: the tenant's ids, as each of its rows carries them. `noun` begins the verbs of the trail.

    `join` names the address where an invitation is accepted. `usernames` begins those of people who come anew.
    """

    name: str
    seats: Any
    invitations: Any
    keys: Mapping[str, int]
    noun: str
    join: str
    usernames: str


class Refused(Exception):
    """The message is for whoever asked."""


class TooOften(Refused):
    """More than AN_HOUR invitations were mailed within one."""


class InvitationGone(Exception):
    """Used, withdrawn, expired, or never made."""


def invite(team: Team, *, email: str, role: str, actor: User, now: datetime) -> None:
    """Mail a link. Who was invited and has not answered gets a new one, for the new role.

    Raises Refused for who belongs to the team already, and above MOST_PENDING unanswered ones; TooOften.
    """
    email = email.lower()
    if team.seats.objects.filter(user__email__iexact=email, **team.keys).exists():
        raise Refused(_("%(email)s belongs to the team already.") % {"email": email})
    pending = team.invitations.objects.filter(**team.keys).pending()
    if pending.count() >= MOST_PENDING:
        raise Refused(_("Too many invitations are unanswered. Withdraw some first."))
    fresh = {"role": role, "token_hash": "", "created_at": now, "expires_at": now}
    invitation, _new = team.invitations.objects.get_or_create(
        email=email, accepted_at=None, withdrawn_at=None, **team.keys, defaults=fresh
    )
    pending.filter(pk=invitation.pk).update(role=role)
    _send(team, invitation, "invited", actor, now, role=role)


def resend(team: Team, invitation: Any, *, actor: User, now: datetime) -> None:
    """A new link with another week. Raises Refused where it was answered meanwhile; TooOften."""
    _send(team, invitation, "invited_again", actor, now)


def _send(team: Team, invitation: Any, verb: str, actor: User, now: datetime, **detail: Any) -> None:
    lately = Mail.objects.filter(created_at__gt=now - timedelta(hours=1), key__startswith=_key(team), **team.keys)
    if lately.count() >= AN_HOUR:
        raise TooOften(_("Twenty invitations within an hour are the limit. Try again later."))
    token = new_token()
    mine = team.invitations.objects.pending().filter(pk=invitation.pk)
    if not mine.update(token_hash=digest(token), expires_at=now + LIFETIME, invited_by=actor):
        raise Refused(_("This invitation was answered or withdrawn meanwhile."))
    known = User.objects.filter(email__iexact=invitation.email).first()
    mail.queue(
        f"{_key(team)}{invitation.pk}-{digest(token)[:16]}",
        template="invitation",
        to=invitation.email,
        language=known.language if known else actor.language,
        context={
            "team": team.name,
            "by": actor.name,
            "days": LIFETIME.days,
            "url": settings.ONDEMAND_URL + reverse(team.join, args=[token]),
        },
        now=now,
        partner_id=team.keys["partner_id"],
        customer_id=team.keys.get("customer_id"),
    )
    _record(team, verb, invitation.email, actor, now, **detail)


def _key(team: Team) -> str:
    """How the mails of invitations begin their keys."""
    return f"{team.noun}-invitation-"


def withdraw(team: Team, invitation: Any, *, actor: User, now: datetime) -> None:
    """Its link is dead from now on. Raises Refused where it was answered meanwhile."""
    if not team.invitations.objects.pending().filter(pk=invitation.pk).update(withdrawn_at=now):
        raise Refused(_("This invitation was answered or withdrawn meanwhile."))
    _record(team, "invitation_withdrawn", invitation.email, actor, now)


def accept(team: Team, token: str, *, user: User, now: datetime) -> Any:
    """The seat of `user`, whose address the link was mailed to. Once: by one conditional UPDATE.

    Raises InvitationGone otherwise, also for who belongs to the team by now.
    """
    mine = team.invitations.objects.by_token(token).filter(email__iexact=user.email, **team.keys)
    if not mine.open(now).update(accepted_at=now):
        raise InvitationGone
    made = {"role": mine.get().role, "used_at": now}
    seat, new = team.seats.objects.get_or_create(user=user, **team.keys, defaults=made)
    if not new:
        raise InvitationGone
    prove_address(user)
    _record(team, "joined", user.email, user, now, role=seat.role)
    return seat


def accept_as_new(team: Team, token: str, *, name: str, password: str, language: str, now: datetime) -> Any:
    """The same for who has no account yet: it is made, with the password that was chosen."""
    invitation = team.invitations.objects.open(now).by_token(token).select_for_update().first()
    if invitation is None:
        raise InvitationGone
    user, made = person(email=invitation.email, username=free_username(team.usernames), name=name, language=language)
    if not made:
        raise InvitationGone
    user.set_password(password)
    user.save(update_fields=["password"])
    return accept(team, token, user=user, now=now)


def change_role(team: Team, seat: Any, role: str, *, actor: User, now: datetime) -> None:
    """Raises Refused for the last owner."""
    if _update(team, seat, role=role):
        _record(team, "role_changed", seat.user.email, actor, now, before=seat.role, role=role)


def disable(team: Team, seat: Any, *, actor: User, now: datetime) -> None:
    """No way in any more, and the person's sessions end at once. Raises Refused for the last owner."""
    if _update(team, seat, active=False):
        end_sessions(seat.user)
        _record(team, "disabled", seat.user.email, actor, now)


def enable(team: Team, seat: Any, *, actor: User, now: datetime) -> None:
    if _update(team, seat, active=True):
        _record(team, "enabled", seat.user.email, actor, now)


def remove(team: Team, seat: Any, *, actor: User, now: datetime) -> None:
    """The seat is gone, and the person's sessions end at once. Raises Refused for the last owner."""
    _remove(team, seat, "removed", actor, now)


def leave(team: Team, seat: Any, *, actor: User, now: datetime) -> None:
    """The same by the person's own word: the owners are mailed."""
    if _remove(team, seat, "left", actor, now):
        for owner in team.seats.objects.filter(role="owner", active=True, **team.keys).select_related("user"):
            _tell_of_leaving(team, seat, owner.user, now)


def _remove(team: Team, seat: Any, verb: str, actor: User, now: datetime) -> bool:
    with _keeping_an_owner():
        gone, _each = team.seats.objects.filter(pk=seat.pk).delete()
    if gone:
        end_sessions(seat.user)
        _record(team, verb, seat.user.email, actor, now, role=seat.role)
    return bool(gone)


def _tell_of_leaving(team: Team, seat: Any, owner: User, now: datetime) -> None:
    mail.queue(
        f"{team.noun}-left-{seat.pk}-{owner.pk}",
        template="left_team",
        to=owner.email,
        language=owner.language,
        context={"team": team.name, "who": seat.user.name, "role": seat.get_role_display()},
        now=now,
        partner_id=team.keys["partner_id"],
        customer_id=team.keys.get("customer_id"),
    )


def is_last_owner(team: Team, seat: Any) -> bool:
    others = team.seats.objects.filter(role="owner", active=True, **team.keys).exclude(pk=seat.pk)
    return bool(seat.role == "owner" and not others.exists())


def _update(team: Team, seat: Any, **values: Any) -> bool:
    """Whether something changed."""
    with _keeping_an_owner():
        changed = team.seats.objects.filter(pk=seat.pk).exclude(**values).update(**values)
    return bool(changed)


@contextmanager
def _keeping_an_owner() -> Iterator[None]:
    """The database knows who is the last owner; it is asked before the end."""
    try:
        with transaction.atomic():
            yield
            connection.check_constraints()
    except IntegrityError as error:
        raise Refused(_("The last owner stays: make somebody else an owner first.")) from error


def _record(team: Team, verb: str, target: str, actor: User, now: datetime, **detail: Any) -> None:
    audit.record(
        f"{team.noun}.{verb}",
        now=now,
        actor=actor,
        partner_id=team.keys["partner_id"],
        customer_id=team.keys.get("customer_id"),
        target=target,
        **detail,
    )
