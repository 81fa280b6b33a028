"""From the form to a customer with an instance. The return page, the webhook and the sweep all end in one completion.

Services here open their own scopes: Stripe is called between transactions, never inside one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.services import NewCustomer, begin_subscription, register
from instances.models import Instance
from instances.services.boots import provision
from ondemand import audit, clock
from ondemand.accounts import person
from ondemand.gateway import billing, checkout
from ondemand.gateway.checkout import Session
from ondemand.hints import hint
from ondemand.inbox import NotYetKnown
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from partners.models import Campaign, Plan
from signup.models import SignUp

KINDS = ("checkout.session",)
TERMS_VERSION = "2026-11"
OPEN_FOR = timedelta(hours=2)
LOOK_AGAIN = timedelta(seconds=60)


class UsernameTaken(Exception):
    """Another person, instance or open sign-up has it."""


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
            User.objects.filter(username__iexact=username).exists()
            or Instance.objects.live().filter(name__iexact=username).exists()
            or SignUp.objects.filter(username__iexact=username, state__in=SignUp.OPEN).exclude(pk=but_for).exists()
        )


def start(
    registration: Registration, *, campaign: Campaign, plan: Plan, ticket: Ticket | None, now: datetime
) -> tuple[SignUp, Ticket]:
    """The sign-up for this form: the browser's own or the same person's open one, changed; else a new one.

    A changed form is a new attempt, whose earlier Checkout session was expired first. Raises UsernameTaken.
    """
    known = _open_one(registration, campaign, ticket)
    if known is None:
        return _begin(registration, campaign, plan, now)
    secret = secrets.token_urlsafe(32)
    if known.state == SignUp.State.COMPLETED:
        return known, ticket or Ticket(known.public_id, "")
    if _is_changed(known, registration, plan) or known.expires_at <= now:
        _expire_session(known)
        known = _attempt_again(known, registration, plan, now)
    with as_worker():
        SignUp.objects.filter(pk=known.pk).update(secret_hash=_hash(secret))
    return known, Ticket(known.public_id, secret)


def _open_one(registration: Registration, campaign: Campaign, ticket: Ticket | None) -> SignUp | None:
    with as_worker():
        mine = SignUp.objects.filter(campaign=campaign, username__iexact=registration.username)
        if ticket:
            own = SignUp.objects.filter(campaign=campaign, public_id=ticket.public_id).first()
            if own and holds(own, ticket) and _continues(own, registration):
                return own
        return mine.filter(email__iexact=registration.email, state__in=SignUp.OPEN).first()


def _continues(own: SignUp, registration: Registration) -> bool:
    """An open one goes on; a completed one is meant again only by the very same form (the back button)."""
    if own.state == SignUp.State.COMPLETED:
        return own.username == registration.username
    return own.state in SignUp.OPEN and own.ordered_by == registration.ordered_by


def _is_changed(signup: SignUp, registration: Registration, plan: Plan) -> bool:
    typed = {name: value for name, value in vars(registration).items() if name != "language"}
    return signup.plan_id != plan.pk or any(getattr(signup, name) != value for name, value in typed.items())


def _begin(registration: Registration, campaign: Campaign, plan: Plan, now: datetime) -> tuple[SignUp, Ticket]:
    if not username_is_free(registration.username):
        raise UsernameTaken
    secret = secrets.token_urlsafe(32)
    try:
        with as_worker():
            made = SignUp.objects.create(
                partner_id=campaign.partner_id,
                campaign=campaign,
                plan=plan,
                secret_hash=_hash(secret),
                created_at=now,
                attempted_at=now,
                expires_at=now + OPEN_FOR,
                next_try_at=now + LOOK_AGAIN,
                terms_version=TERMS_VERSION,
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


def _expire_session(signup: SignUp) -> None:
    if signup.session_id:
        checkout.expire_session(signup.session_id)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def holds(signup: SignUp, ticket: Ticket) -> bool:
    """Whether it is the browser that signed up."""
    return hmac.compare_digest(signup.secret_hash, _hash(ticket.secret))


def open_checkout(signup: SignUp, *, now: datetime) -> str:
    """The address of Stripe's page for this attempt; the same one again for the same attempt."""
    with as_worker():
        signup = SignUp.objects.select_related("plan", "campaign").get(pk=signup.pk)
    if signup.session_url:
        return signup.session_url
    customer_id = signup.stripe_customer_id or _stripe_customer(signup)
    back = f"{settings.ONDEMAND_URL}/signup"
    session = checkout.open_session(
        customer=customer_id,
        price=signup.plan.stripe_base_price,
        reference=str(signup.public_id),
        success_url=f"{back}/return/{signup.public_id}/",
        cancel_url=f"{back}/{signup.campaign.slug}/",
        anchor=_first_cycle_end(signup.attempted_at),
        expires_at=signup.expires_at,
        language=signup.language,
        key=f"signup-{signup.public_id}-{signup.attempt}",
    )
    with as_worker():
        SignUp.objects.filter(pk=signup.pk, attempt=signup.attempt, state=SignUp.State.STARTED).update(
            state=SignUp.State.CHECKOUT,
            stripe_customer_id=customer_id,
            session_id=session.id,
            session_url=session.url,
            next_try_at=now + LOOK_AGAIN,
        )
    return session.url


def _stripe_customer(signup: SignUp) -> str:
    if signup.customer_id:
        with as_worker():
            return Customer.objects.get(pk=signup.customer_id).stripe_id
    return checkout.create_customer(
        name=signup.company,
        email=signup.email,
        country=signup.country,
        vat_number=signup.vat_number,
        language=signup.language,
        reference=str(signup.public_id),
        key=f"signup-{signup.public_id}-{signup.attempt}-customer",
    )


def _first_cycle_end(at: datetime) -> datetime:
    """Cycles are anchored at midnight, zone time: the first ends a month after today's."""
    return clock.midnight(clock.months_after(clock.business_day(at), 1))


def sync(kind: str, session_id: str, now: datetime) -> None:
    """The inbox's way in. It holds a transaction, so the completion itself is left to a job."""
    signup = SignUp.objects.filter(session_id=session_id).first()
    if signup is None:
        raise NotYetKnown(f"no sign-up is at {session_id}")
    if signup.state in SignUp.OPEN:
        SignUp.objects.filter(pk=signup.pk).update(next_try_at=now)
        hint("signup.tasks.complete", signup.pk)


def complete(signup_id: int, *, now: datetime) -> str:
    """Fetch the session and, where the card was accepted, make the customer and order the instance, once.

    Returns the sign-up's state. A completion that cannot be is undone at Stripe: cancelled and refunded.
    """
    with as_worker():
        signup = SignUp.objects.select_related("plan", "campaign").get(pk=signup_id)
    if not signup.session_id or signup.state not in SignUp.OPEN:
        return signup.state
    session = checkout.fetch_session(signup.session_id)
    if session.status == "expired":
        return _close(signup, SignUp.State.EXPIRED, _("The card page expired."))
    if session.status != "complete" or not session.paid:
        return _look_again(signup, now)
    facts = billing.fetch_subscription(session.subscription)
    try:
        with as_worker():
            return _make_customer(signup.pk, session, facts, now)
    except IntegrityError:
        billing.undo_subscription(session.subscription, key=f"signup-{signup.public_id}-{signup.attempt}-undo")
        return _close(signup, SignUp.State.REFUSED, _("The username was taken meanwhile. Your card was refunded."))


def _close(signup: SignUp, state: str, reason: str) -> str:
    with as_worker():
        SignUp.objects.filter(pk=signup.pk, state__in=SignUp.OPEN).update(state=state, reason=reason[:200])
    return state


def _look_again(signup: SignUp, now: datetime) -> str:
    with as_worker():
        SignUp.objects.filter(pk=signup.pk).update(next_try_at=now + LOOK_AGAIN)
    return signup.state


def _make_customer(signup_id: int, session: Session, facts: billing.SubscriptionFacts, now: datetime) -> str:
    signup = SignUp.objects.select_for_update(of=("self",)).select_related("plan").get(pk=signup_id)
    if signup.state not in SignUp.OPEN:
        return signup.state
    owner = _owner(signup)
    customer = _customer(signup, session, owner, now)
    subscription_id = begin_subscription(customer, facts, now=now)
    instance = provision(customer.subscriptions.get(pk=subscription_id), name=signup.username, now=now)
    SignUp.objects.filter(pk=signup.pk).update(
        state=SignUp.State.COMPLETED,
        completed_at=now,
        customer_id=customer.pk,
        user_id=owner.pk,
        instance_id=instance.pk,
        reason="",
    )
    audit.record(
        "signup.completed", now=now, actor=owner, partner_id=signup.partner_id, customer_id=customer.pk, target=signup
    )
    hint("customers.tasks.take_events", delay=1)
    return SignUp.State.COMPLETED


def _owner(signup: SignUp) -> User:
    if signup.ordered_by:
        return User.objects.get(pk=signup.ordered_by)
    owner, _made = person(
        email=signup.email, username=signup.username, name=signup.contact_name, language=signup.language
    )
    return owner


def _customer(signup: SignUp, session: Session, owner: User, now: datetime) -> Customer:
    if signup.customer_id:
        return Customer.objects.get(pk=signup.customer_id)
    new = NewCustomer(
        name=signup.company,
        contact_name=signup.contact_name,
        contact_email=signup.email,
        country=signup.country,
        vat_number=signup.vat_number,
        stripe_id=session.customer,
    )
    return register(new, partner_id=signup.partner_id, plan=signup.plan, owner=owner, now=now)


def expire(signup_id: int, *, now: datetime) -> str:
    """End a sign-up that was left: its session first, and one that was completed meanwhile is completed here."""
    with as_worker():
        signup = SignUp.objects.get(pk=signup_id)
    if signup.state not in SignUp.OPEN or signup.expires_at > now:
        return signup.state
    if signup.session_id and checkout.expire_session(signup.session_id).status == "complete":
        return complete(signup_id, now=now)
    return _close(signup, SignUp.State.EXPIRED, _("It was not finished in time."))


def choose_password(signup: SignUp, password: str, *, now: datetime) -> User | None:
    """The first password of the person who signed up, once; None where it was chosen before.

    The caller has checked that it is the browser that signed up, and that the password is good.
    """
    with as_worker():
        owner = User.objects.select_for_update().get(pk=signup.user_id or 0)
        unchosen = SignUp.objects.filter(pk=signup.pk, password_chosen_at=None, ordered_by=None)
        if owner.has_usable_password() or not unchosen.update(password_chosen_at=now):
            return None
        owner.set_password(password)
        owner.save(update_fields=["password"])
        audit.record("password.chosen", now=now, actor=owner, customer_id=signup.customer_id)
        return owner


def usual_boot_seconds() -> int | None:
    """The median of the last 100 boots; None before there was one."""
    with as_worker():
        rows = Instance.objects.filter(running_at__isnull=False, boot_started_at__isnull=False)
        last = rows.order_by("-running_at").values_list("boot_started_at", "running_at")[:100]
        times = sorted((ended - began).total_seconds() for began, ended in last if began and ended)
    return round(times[len(times) // 2]) if times else None
