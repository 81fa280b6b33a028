"""Sign-ups that are not finished: how far they came, one reminder with the way back, and their end."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from ondemand.gateway import checkout
from ondemand.tenancy.context import as_worker
from signup.models import SignUp, Step
from signup.services.mails import tell
from signup.services.registration import PAID

REMIND_AFTER = timedelta(hours=3)
SIGNER = signing.Signer(salt="signup.resume")


def remind(signup_id: int, *, now: datetime) -> str:
    """One mail a sign-up, unless its person wants none. Returns the sign-up's state."""
    with as_worker():
        signup = SignUp.objects.select_related("campaign__partner").get(pk=signup_id)
    if signup.state not in SignUp.OPEN or signup.reminded_at:
        return signup.state
    step = _step_of(signup)
    with as_worker():
        mine = SignUp.objects.filter(pk=signup.pk, state__in=SignUp.OPEN, reminded_at=None)
        if mine.update(reminded_at=now, step=step) and not _is_unwanted(signup):
            tell(signup, "left", now=now, url=resume_url(signup))
    return signup.state


def _is_unwanted(signup: SignUp) -> bool:
    """The person asked for no reminder, or signed up after all."""
    same = SignUp.objects.filter(email__iexact=signup.email)
    since = same.filter(created_at__gte=signup.created_at, state__in=PAID)
    return same.filter(unwanted_at__isnull=False).exists() or since.exists()


def _step_of(signup: SignUp) -> Step:
    if not signup.session_id:
        return Step.FORM
    declined = checkout.was_declined(signup.stripe_customer_id, since=signup.attempted_at)
    return Step.DECLINED if declined else Step.LEFT


def resume_url(signup: SignUp) -> str:
    """Signed, as whoever goes on there may choose the password: it is known from the mail alone."""
    return f"{settings.ONDEMAND_URL}{reverse('signup-resume', args=[SIGNER.sign(str(signup.public_id))])}"


def signup_of(token: str) -> SignUp | None:
    try:
        public_id = UUID(SIGNER.unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    with as_worker():
        return SignUp.objects.select_related("campaign", "plan__product").filter(public_id=public_id).first()


def stop(signup: SignUp, *, now: datetime) -> None:
    """The person wants neither this nor another reminder: it expires with the next sweep."""
    with as_worker():
        mine = SignUp.objects.filter(pk=signup.pk, state__in=SignUp.OPEN, unwanted_at=None)
        mine.update(unwanted_at=now, expires_at=now)


def close(signup: SignUp, *, reason: str) -> str:
    """Note where it was left, and end it."""
    step = _step_of(signup)
    with as_worker():
        mine = SignUp.objects.filter(pk=signup.pk, state__in=SignUp.OPEN)
        mine.update(state=SignUp.State.EXPIRED, reason=reason, step=step)
    return SignUp.State.EXPIRED


def expire(signup_id: int, *, now: datetime) -> str:
    """End a sign-up that was left, its session first. One that was completed meanwhile is left to its completion."""
    with as_worker():
        signup = SignUp.objects.get(pk=signup_id)
    if signup.state not in SignUp.OPEN or signup.expires_at > now:
        return signup.state
    if signup.session_id and checkout.expire_session(signup.session_id).status == "complete":
        return signup.state
    return close(signup, reason=_("It was not finished in time."))
