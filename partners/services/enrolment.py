"""Enrolling partners, here and in the other zone. Callers open the scope; what calls the outside opens its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import requests
from django.conf import settings
from django.utils.translation import gettext as _

from ondemand import audit, mail, signing
from ondemand.accounts import free_username, hand_over, person, set_password_url
from ondemand.backoff import next_try
from ondemand.hints import hint
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from partners.models import Member, Partner
from partners.services.products import ensure_campaigns

PEER_PATH = "/api/zones/enrolments/"
PEER_SECONDS = (3, 10)


class EnrolmentConflict(Exception):
    """The code is another partner's already. The message is for whoever typed it."""


@dataclass(frozen=True)
class Enrolment:
    """What staff type, and what one zone tells the other; `code` is the key that makes it idempotent."""

    code: str
    name: str
    country: str
    owner_email: str
    owner_name: str


def enrol_partner(enrolment: Enrolment, *, both: bool, now: datetime, actor: User | None = None) -> Partner:
    """Make the partner, its owner and its campaigns, and mail the owner a one-time set-password link.

    Questions of customers go to the owner until another address is kept.

    Again with the same code and owner: the same partner. `both`: the other zone is told, and told again until
    it answers. Raises EnrolmentConflict where the code belongs to somebody else.
    """
    told = {"name": enrolment.name, "country": enrolment.country, "support_email": enrolment.owner_email}
    partner, new = Partner.objects.get_or_create(code=enrolment.code, defaults=told | {"created_at": now})
    username = free_username(f"p-{enrolment.code}")
    owner, _made = person(email=enrolment.owner_email, username=username, name=enrolment.owner_name)
    if not new and not Member.objects.filter(partner=partner, user=owner).exists():
        raise EnrolmentConflict(_("The code “%(code)s” belongs to another partner.") % {"code": enrolment.code})
    hand_over(owner)
    Member.objects.get_or_create(partner=partner, user=owner, defaults={"role": Member.Role.OWNER})
    if both and partner.peer_state == Partner.Peer.NONE:
        Partner.objects.filter(pk=partner.pk).update(peer_state=Partner.Peer.PENDING, peer_next_try_at=now)
        hint("partners.tasks.tell_peer", partner.pk)
    if new:
        ensure_campaigns(now=now)
        _welcome(partner, owner, now)
        audit.record("partner.enrolled", now=now, actor=actor, partner_id=partner.pk, target=partner.code, both=both)
    partner.refresh_from_db()
    return partner


def add_member(
    partner: Partner, *, email: str, name: str, role: str, now: datetime, actor: User | None = None
) -> Member:
    """A colleague joins the partner; again: the same member, with the role that it had."""
    user, _made = person(email=email, username=free_username(f"p-{partner.code}"), name=name)
    hand_over(user)
    member, new = Member.objects.get_or_create(partner=partner, user=user, defaults={"role": role})
    if new:
        audit.record("member.added", now=now, actor=actor, partner_id=partner.pk, target=email, role=role)
    return member


def _welcome(partner: Partner, owner: User, now: datetime) -> None:
    mail.queue(
        f"partner-{partner.pk}-welcome",
        template="partner_welcome",
        to=owner.email,
        language=owner.language,
        context={"partner": partner, "url": set_password_url(owner), "zone": settings.ZONE},
        now=now,
        partner_id=partner.pk,
    )


def resend_welcome(partner: Partner, *, now: datetime, actor: User) -> None:
    """Mail every owner a new link; the earlier ones expire by themselves or with the next password."""
    for member in partner.members.filter(role=Member.Role.OWNER, active=True).select_related("user"):
        mail.queue(
            f"partner-{partner.pk}-welcome-{member.pk}-{int(now.timestamp())}",
            template="partner_welcome",
            to=member.user.email,
            language=member.user.language,
            context={"partner": partner, "url": set_password_url(member.user), "zone": settings.ZONE},
            now=now,
            partner_id=partner.pk,
        )
    audit.record("partner.resent", now=now, actor=actor, partner_id=partner.pk, target=partner.code)


def change_state(partner: Partner, state: str, *, now: datetime, actor: User) -> None:
    """Suspend, reactivate, or note that the partner left: its pages close and open with it."""
    if Partner.objects.filter(pk=partner.pk).exclude(state=state).update(state=state):
        audit.record(f"partner.{state}", now=now, actor=actor, partner_id=partner.pk, target=partner.code)


def tell_peer(partner_id: int, *, now: datetime) -> bool:
    """Send the enrolment to the other zone; True once it has answered. Repeated until then."""
    with as_worker():
        partner = Partner.objects.to_tell_peer(now).filter(pk=partner_id).first()
        owner = Member.objects.filter(partner_id=partner_id, role=Member.Role.OWNER).select_related("user").first()
    if partner is None or owner is None:
        return False
    error = _send_enrolment(partner, owner.user, now)
    with as_worker():
        done = {"peer_state": Partner.Peer.DONE, "peer_error": ""}
        tries = partner.peer_tries + 1
        later = {"peer_tries": tries, "peer_error": error, "peer_next_try_at": next_try(now, tries)}
        Partner.objects.filter(pk=partner.pk, peer_state=Partner.Peer.PENDING).update(**(later if error else done))
    return not error


def _send_enrolment(partner: Partner, owner: User, now: datetime) -> str:
    """What went wrong; empty when the peer took it."""
    body = json.dumps(
        {
            "code": partner.code,
            "name": partner.name,
            "country": partner.country,
            "owner_email": owner.email,
            "owner_name": owner.name,
        }
    ).encode()
    headers = {
        signing.HEADER: signing.sign(body, key=settings.PEER_SECRET, now=now),
        "Content-Type": "application/json",
        "Idempotency-Key": partner.code,
    }
    if not settings.PEER_URL:
        return "ONDEMAND_PEER_URL is not set"
    try:
        answer = requests.post(settings.PEER_URL + PEER_PATH, body, headers=headers, timeout=PEER_SECONDS)
    except requests.RequestException as error:
        return f"no answer: {type(error).__name__}"
    return "" if answer.ok else f"{answer.status_code}: {answer.text[:200]}"
