"""Doubtful sign-ups: held after the card was accepted and before anything boots, until staff release or refuse them.

A customer's further orders are not held: that customer is known, and what Stripe says of it is taken at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from disposable_email_domains import blocklist
from django.conf import settings
from django.utils.translation import gettext as _

from ondemand import audit, inbox
from ondemand.gateway.checkout import CardFacts
from ondemand.hints import hint
from ondemand.models import User
from partners.models import Member
from signup.models import Doubt, SignUp, SignUpQuerySet
from signup.services import limits, undoing
from signup.services.mails import ask_staff, tell

SIGN_UPS_PER_CARD = 2  # the third is held
RISKY = ("elevated", "highest")


class NotInReview(Exception):
    """Somebody else decided meanwhile."""

    def __init__(self, signup: SignUp) -> None:
        super().__init__(_("%(signup)s is not in review any more.") % {"signup": signup})


@dataclass(frozen=True)
class _Question:
    """What the rules look at."""

    signup: SignUp
    card: CardFacts
    now: datetime


def is_reviewed(signup: SignUp) -> bool:
    """Whether it may go on by itself: staff released it, or a known customer orders."""
    return signup.released_at is not None or signup.customer_id is not None


def doubts_of(signup: SignUp, card: CardFacts, *, now: datetime) -> list[Doubt]:
    """By the rules in force. Counted one at a time, until the caller's transaction ends."""
    inbox.lock_object("signup", "doubts")
    question = _Question(signup, card, now)
    return [doubt for doubt, holds in RULES.items() if doubt in settings.REVIEW_RULES and holds(question)]


def hold(signup: SignUp, doubts: list[Doubt], card: CardFacts, *, now: datetime) -> str:
    SignUp.objects.filter(pk=signup.pk).update(
        state=SignUp.State.REVIEW, doubts=doubts, held_at=now, card_fingerprint=card.fingerprint
    )
    audit.record("signup.held", now=now, partner_id=signup.partner_id, target=signup)
    tell(signup, "held", now=now)
    signup.doubts = doubts
    ask_staff(signup, now=now)
    return SignUp.State.REVIEW


def release(signup: SignUp, *, by: User, why: str, now: datetime) -> None:
    """It is completed as if it had never been held. Raises NotInReview."""
    held = SignUp.objects.filter(pk=signup.pk, state=SignUp.State.REVIEW)
    if not held.update(state=SignUp.State.CHECKOUT, released_at=now, next_try_at=now):
        raise NotInReview(signup)
    audit.record("signup.released", now=now, actor=by, partner_id=signup.partner_id, target=signup, why=why)
    hint("signup.tasks.complete", signup.pk)


def refuse(signup: SignUp, *, by: User, why: str, now: datetime) -> None:
    """It is cancelled and refunded at Stripe. Raises NotInReview."""
    if not undoing.begin(signup, from_states=[SignUp.State.REVIEW], reason=_("Our staff refused it."), now=now):
        raise NotInReview(signup)
    audit.record("signup.refused", now=now, actor=by, partner_id=signup.partner_id, target=signup, why=why)


def _is_risky(question: _Question) -> bool:
    return question.card.risk in RISKY


def _comes_from_elsewhere(question: _Question) -> bool:
    return question.card.country not in ("", question.signup.country)


def _is_disposable(question: _Question) -> bool:
    """The domain itself, or one that it belongs to."""
    labels = question.signup.email.rpartition("@")[2].lower().split(".")
    return any(".".join(labels[first:]) in blocklist for first in range(len(labels) - 1))


def _others_of(question: _Question) -> SignUpQuerySet:
    fingerprint = question.card.fingerprint
    same = SignUp.objects.filter(card_fingerprint=fingerprint) if fingerprint else SignUp.objects.none()
    return same.exclude(pk=question.signup.pk)


def _is_a_third(question: _Question) -> bool:
    return _others_of(question).count() >= SIGN_UPS_PER_CARD


def _is_the_partners_own(question: _Question) -> bool:
    """A member's address, or a card that paid for a sign-up with one."""
    partner_id = question.signup.partner_id
    members = list(Member.objects.filter(partner_id=partner_id, active=True).values_list("user__email", flat=True))
    paid_by = _others_of(question).filter(partner_id=partner_id, email__in=members)
    return question.signup.email in members or paid_by.exists()


def _is_one_of_many(question: _Question) -> bool:
    signup = question.signup
    return limits.are_reached(signup.campaign, signup.network, now=question.now)


RULES: dict[Doubt, Callable[[_Question], bool]] = {
    Doubt.RISK: _is_risky,
    Doubt.COUNTRY: _comes_from_elsewhere,
    Doubt.DISPOSABLE: _is_disposable,
    Doubt.CARD: _is_a_third,
    Doubt.OWN: _is_the_partners_own,
    Doubt.MANY: _is_one_of_many,
}
