"""From an accepted card to a customer with an instance. The return page, the webhook and the sweep all end here.

Stripe is called between transactions, never inside one.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.services import NewCustomer, begin_subscription, register
from instances.models import Instance
from instances.services.boots import provision
from ondemand import audit, inbox
from ondemand.accounts import person
from ondemand.gateway import checkout, subscriptions
from ondemand.gateway.checkout import CardFacts, Session
from ondemand.gateway.subscriptions import SubscriptionFacts
from ondemand.hints import hint
from ondemand.inbox import NotYetKnown
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from signup.models import SignUp
from signup.services import leaving, review, undoing
from signup.services.registration import LOOK_AGAIN

KINDS = ("checkout.session",)


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

    Returns the sign-up's state. What is doubtful is held for review before anything is made of it; a completion that
    cannot be is undone at Stripe: cancelled and refunded.
    """
    with as_worker():
        signup = SignUp.objects.select_related("plan", "campaign").get(pk=signup_id)
    if not signup.session_id or signup.state not in SignUp.OPEN:
        return signup.state
    session = checkout.fetch_session(signup.session_id)
    if session.status == "expired":
        return leaving.close(signup, reason=_("The card page expired."))
    if session.status != "complete" or not session.paid:
        return _look_again(signup, now)
    facts = subscriptions.fetch_subscription(session.subscription)
    card = checkout.fetch_card(session.subscription)
    try:
        with as_worker():
            return _go_on(signup.pk, session, facts, card, now)
    except IntegrityError:
        with as_worker():
            undoing.begin(signup, from_states=SignUp.OPEN, reason=_("The username was taken meanwhile."), now=now)
        return undoing.undo(signup.pk, now=now)


def _look_again(signup: SignUp, now: datetime) -> str:
    with as_worker():
        SignUp.objects.filter(pk=signup.pk).update(next_try_at=now + LOOK_AGAIN)
    return signup.state


def _go_on(signup_id: int, session: Session, facts: SubscriptionFacts, card: CardFacts, now: datetime) -> str:
    locked = SignUp.objects.select_for_update(of=("self",))
    signup = locked.select_related("plan", "campaign__partner").get(pk=signup_id)
    if signup.state not in SignUp.OPEN:
        return signup.state
    doubts = [] if review.is_reviewed(signup) else review.doubts_of(signup, card, now=now)
    if doubts:
        return review.hold(signup, doubts, card, now=now)
    return _make_customer(signup, session, facts, card, now)


def _make_customer(signup: SignUp, session: Session, facts: SubscriptionFacts, card: CardFacts, now: datetime) -> str:
    owner, made = _owner(signup)
    customer = _customer(signup, session, owner, now)
    subscription_id = begin_subscription(customer, facts, now=now)
    instance = provision(customer.subscriptions.get(pk=subscription_id), name=signup.username, now=now)
    SignUp.objects.filter(pk=signup.pk).update(
        state=SignUp.State.COMPLETED,
        completed_at=now,
        customer_id=customer.pk,
        user_id=owner.pk,
        instance_id=instance.pk,
        password_chosen_at=None if made else now,  # who was known by that address has a password, or a link to one
        card_fingerprint=card.fingerprint,
        reason="",
    )
    inbox.wake(session.customer, now=now)
    audit.record(
        "signup.completed", now=now, actor=owner, partner_id=signup.partner_id, customer_id=customer.pk, target=signup
    )
    hint("customers.tasks.take_events", delay=1)
    return SignUp.State.COMPLETED


def _owner(signup: SignUp) -> tuple[User, bool]:
    """The person, and whether this sign-up made it."""
    if signup.ordered_by:
        return User.objects.get(pk=signup.ordered_by), False
    return person(
        email=signup.email,
        username=signup.username,
        name=signup.contact_name,
        language=signup.language,
        proven=False,
    )


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
        audit.record("account.password_chosen", now=now, actor=owner, customer_id=signup.customer_id)
        return owner


def usual_boot_seconds() -> int | None:
    """The median of the last 100 boots; None before there was one."""
    with as_worker():
        rows = Instance.objects.filter(running_at__isnull=False, boot_started_at__isnull=False)
        last = rows.order_by("-running_at").values_list("boot_started_at", "running_at")[:100]
        times = sorted((ended - began).total_seconds() for began, ended in last if began and ended)
    return round(times[len(times) // 2]) if times else None
