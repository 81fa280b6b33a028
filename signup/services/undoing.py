"""A sign-up that was paid and cannot be: cancelled and refunded at Stripe, then said. The row's state is the job."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from ondemand import inbox
from ondemand.gateway import checkout, subscriptions
from ondemand.hints import hint
from ondemand.models import StripeEvent
from ondemand.tenancy.context import as_worker
from signup.models import SignUp
from signup.services.mails import tell


def begin(signup: SignUp, *, from_states: Iterable[str], reason: str, now: datetime) -> bool:
    """From here on it is undone, whatever happens. The caller opens the scope."""
    mine = SignUp.objects.filter(pk=signup.pk, state__in=from_states)
    if not mine.update(state=SignUp.State.REFUSING, reason=reason, next_try_at=now):
        return False
    hint("signup.tasks.undo", signup.pk)
    return True


def undo(signup_id: int, *, now: datetime) -> str:
    """Give everything back, and say so once. Returns the sign-up's state."""
    with as_worker():
        signup = SignUp.objects.select_related("campaign__partner").get(pk=signup_id)
    if signup.state != SignUp.State.REFUSING:
        return signup.state
    subscription = checkout.fetch_session(signup.session_id).subscription
    key = f"signup-{signup.public_id}-{signup.attempt}-undo"
    subscriptions.undo_subscription(subscription, key=key, signup=str(signup.public_id))
    with as_worker():
        if SignUp.objects.filter(pk=signup.pk, state=SignUp.State.REFUSING).update(state=SignUp.State.REFUSED):
            tell(signup, "refused", now=now)
    return SignUp.State.REFUSED


def settle_events(*, now: datetime) -> int:
    """Events about what was refused wait for a customer that never comes: nobody needs them. Returns how many."""
    with as_worker():
        waiting = StripeEvent.objects.filter(state=StripeEvent.State.WAITING, tries__gt=0)
        customers = waiting.values_list("payload__data__object__customer", flat=True)
        refunds = waiting.values_list("payload__data__object__metadata__signup", flat=True)
        named = Q(stripe_customer_id__in=filter(None, customers)) | Q(public_id__in=filter(_is_uuid, refunds))
        refused = list(SignUp.objects.filter(named, state=SignUp.State.REFUSED, customer_id=None))
        about_them = Q(payload__data__object__customer__in=[each.stripe_customer_id for each in refused]) | Q(
            payload__data__object__metadata__signup__in=[str(each.public_id) for each in refused]
        )
        return inbox.ignore(waiting.filter(about_them), reason="its sign-up was refused", now=now) if refused else 0


def _is_uuid(text: str | None) -> bool:
    try:
        return bool(text and UUID(text))
    except ValueError:
        return False
