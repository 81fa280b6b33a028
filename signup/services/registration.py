"""From the form to Stripe's page: one open sign-up per browser and person, a new attempt for a changed form.

Stripe is called between transactions, never inside one.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from stdnum.eu import vat

from customers.models import Customer, Subscription
from instances.models import Instance
from ondemand.accounts import is_withheld
from ondemand.digests import digest
from ondemand.gateway import checkout
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from partners.models import Campaign, Plan
from signup.models import SignUp
from signup.services import limits
from signup.terms import CURRENT

OPEN_FOR = timedelta(hours=23)  # Stripe's page lives for a day at most
LOOK_AGAIN = timedelta(seconds=60)
PAID = (SignUp.State.COMPLETED, SignUp.State.REVIEW)


class UsernameTaken(Exception):
    """Another person, instance or open sign-up has it."""


class AlreadyPaid(Exception):
    """The card was accepted before the form came again: the sign-up is to be completed, not begun anew."""

    def __init__(self, signup: SignUp) -> None:
        super().__init__(str(signup))
        self.signup = signup


@dataclass(frozen=True)
class Registration:
    """What the form says. `ordered_by` and `customer_id`: a signed-in customer's person orders another instance."""

    company: str
    contact_name: str
    email: str
    username: str
    country: str
    vat_number: str
    language: str
    ordered_by: int | None = None
    customer_id: int | None = None


@dataclass(frozen=True)
class Ticket:
    """What the browser that signs up keeps: with the secret it may choose the password."""

    public_id: UUID
    secret: str


def username_is_free(username: str, *, but_for: int = 0) -> bool:
    with as_worker():
        return not (
            is_withheld(username)
            or User.objects.filter(username__iexact=username).exists()
            or Instance.objects.live().filter(name__iexact=username).exists()
            or SignUp.objects.filter(username__iexact=username, state__in=SignUp.KEEPS_USERNAME)
            .exclude(pk=but_for)
            .exists()
        )


def start(
    registration: Registration,
    *,
    campaign: Campaign,
    plan: Plan,
    ticket: Ticket | None,
    now: datetime,
    network: str = "",
    accepted: bool = True,
) -> tuple[SignUp, Ticket]:
    """The sign-up for this form: the browser's own or the same person's open one, changed; else a new one.

    A changed form is a new attempt, whose earlier Checkout session was expired first. So is one from a browser
    without the ticket: whoever pays must be whoever may choose the password. `accepted`: the terms, with this form.
    Raises UsernameTaken, and for a new one TooMany.
    """
    own = _own(registration, campaign, ticket)
    known = own or _same_person(registration, campaign)
    if known is None:
        limits.check(campaign, network, now=now)
        try:
            return _begin(registration, campaign, plan, network, now)
        except UsernameTaken:  # perhaps by the other half of a doubled submit
            known = _same_person(registration, campaign)
            if known is None:
                raise
    secret = secrets.token_urlsafe(32)
    if known.state in PAID:
        return known, ticket or Ticket(known.public_id, "")
    if own is None or _is_changed(known, registration, plan) or known.expires_at <= now:
        _leave_session(known, now)
        known = _attempt_again(known, registration, plan, now)
        if accepted:
            _accept_terms(known, now)
    with as_worker():
        SignUp.objects.filter(pk=known.pk).update(secret_hash=digest(secret))
    return known, Ticket(known.public_id, secret)


def resume(signup: SignUp, *, now: datetime) -> tuple[SignUp, Ticket]:
    """Go on in the browser that followed the mailed link: a new attempt, with what was typed and accepted before."""
    typed = Registration(**{field.name: getattr(signup, field.name) for field in fields(Registration)})
    return start(typed, campaign=signup.campaign, plan=signup.plan, ticket=None, now=now, accepted=False)


def _own(registration: Registration, campaign: Campaign, ticket: Ticket | None) -> SignUp | None:
    if ticket is None:
        return None
    with as_worker():
        own = SignUp.objects.filter(campaign=campaign, public_id=ticket.public_id).first()
    return own if own and holds(own, ticket) and _continues(own, registration) else None


def _same_person(registration: Registration, campaign: Campaign) -> SignUp | None:
    with as_worker():
        same = SignUp.objects.filter(campaign=campaign, username__iexact=registration.username)
        return same.filter(email__iexact=registration.email, state__in=SignUp.OPEN).first()


def _continues(own: SignUp, registration: Registration) -> bool:
    """An open one goes on; a paid one is meant again only by the very same form (the back button)."""
    if own.state in PAID:
        return own.username == registration.username
    return own.state in SignUp.OPEN and own.ordered_by == registration.ordered_by


def _is_changed(signup: SignUp, registration: Registration, plan: Plan) -> bool:
    typed = {name: value for name, value in vars(registration).items() if name != "language"}
    return signup.plan_id != plan.pk or any(getattr(signup, name) != value for name, value in typed.items())


def _begin(
    registration: Registration, campaign: Campaign, plan: Plan, network: str, now: datetime
) -> tuple[SignUp, Ticket]:
    if not username_is_free(registration.username):
        raise UsernameTaken
    secret = secrets.token_urlsafe(32)
    try:
        with as_worker():
            made = SignUp.objects.create(
                partner_id=campaign.partner_id,
                campaign=campaign,
                plan=plan,
                secret_hash=digest(secret),
                network=network,
                created_at=now,
                attempted_at=now,
                expires_at=now + OPEN_FOR,
                next_try_at=now + LOOK_AGAIN,
                terms_version=CURRENT,
                terms_accepted_at=now,
                **vars(registration),
            )
    except IntegrityError:
        raise UsernameTaken from None
    return made, Ticket(made.public_id, secret)


def _attempt_again(signup: SignUp, registration: Registration, plan: Plan, now: datetime) -> SignUp:
    if not username_is_free(registration.username, but_for=signup.pk):
        raise UsernameTaken
    changes = vars(registration) | {
        "plan": plan,
        "attempt": signup.attempt + 1,
        "state": SignUp.State.STARTED,
        "stripe_customer_id": "",
        "session_id": "",
        "session_url": "",
        "attempted_at": now,
        "expires_at": now + OPEN_FOR,
        "next_try_at": now + LOOK_AGAIN,
    }
    try:
        with as_worker():
            SignUp.objects.filter(pk=signup.pk, state__in=SignUp.OPEN).update(**changes)
            return SignUp.objects.get(pk=signup.pk)
    except IntegrityError:
        raise UsernameTaken from None


def _accept_terms(signup: SignUp, now: datetime) -> None:
    with as_worker():
        SignUp.objects.filter(pk=signup.pk).update(terms_version=CURRENT, terms_accepted_at=now)


def _leave_session(signup: SignUp, now: datetime) -> None:
    """Nobody can pay it any more; one that was paid meanwhile is this person's sign-up.

    Where none is noted, whoever opened it may have died before noting it: its key brings it back.
    """
    if not signup.session_id:
        open_checkout(signup, now=now)
        with as_worker():
            signup = SignUp.objects.get(pk=signup.pk)
    if signup.session_id and checkout.expire_session(signup.session_id).status == "complete":
        raise AlreadyPaid(signup)


def holds(signup: SignUp, ticket: Ticket) -> bool:
    """Whether it is the browser that signed up."""
    return hmac.compare_digest(signup.secret_hash, digest(ticket.secret))


def open_checkout(signup: SignUp, *, now: datetime) -> str:
    """The address of Stripe's page for this attempt; the same one again for the same attempt.

    Raises AlreadyPaid where the page was left by paying.
    """
    with as_worker():
        signup = SignUp.objects.select_related("plan", "campaign").get(pk=signup.pk)
    if signup.session_id:
        if checkout.fetch_session(signup.session_id).status == "complete":
            raise AlreadyPaid(signup)
        return signup.session_url
    customer_id = signup.stripe_customer_id or _stripe_customer(signup)
    back = f"{settings.ONDEMAND_URL}/signup"
    session = checkout.open_session(
        customer=customer_id,
        price=signup.plan.stripe_base_price,
        reference=str(signup.public_id),
        success_url=f"{back}/return/{signup.public_id}/",
        cancel_url=f"{back}/{signup.campaign.slug}/",
        anchor=Subscription.first_cycle_end(signup.attempted_at),
        expires_at=signup.expires_at,
        language=signup.language,
        key=f"signup-{signup.public_id}-{signup.attempt}",
    )
    with as_worker():
        mine = SignUp.objects.filter(pk=signup.pk, attempt=signup.attempt, state=SignUp.State.STARTED)
        mine.update(
            state=SignUp.State.CHECKOUT,
            stripe_customer_id=customer_id,
            session_id=session.id,
            session_url=session.url,
            next_try_at=now + LOOK_AGAIN,
        )
        kept = SignUp.objects.get(pk=signup.pk)
    if kept.session_id == session.id:
        return session.url
    checkout.expire_session(session.id)  # meanwhile the form came again, changed: nobody may pay this one
    return open_checkout(kept, now=now) if kept.state in SignUp.OPEN else session.url


def _stripe_customer(signup: SignUp) -> str:
    if signup.customer_id:
        with as_worker():
            return Customer.objects.get(pk=signup.customer_id).stripe_id
    details = {
        "name": signup.company,
        "email": signup.email,
        "country": signup.country,
        "vat_number": signup.vat_number if vat.is_valid(signup.vat_number) else "",
        "language": signup.language,
    }
    same = digest(repr(details))[:16]  # the same details again, in another attempt: the same customer
    key = f"signup-{signup.public_id}-customer-{same}"
    return checkout.create_customer(**details, reference=str(signup.public_id), key=key)
