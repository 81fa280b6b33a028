"""Leaving at the end of the term, and staying after all. The row is the job: what Stripe is to know follows from it.

Why Stripe is told a date: docs/adr/0010-the-end-of-a-term.md.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from customers import readers, upcoming
from customers.models import Cancellation, Subscription
from customers.models.cancellation import CancellationQuerySet
from ondemand import audit, clock, inbox, mail
from ondemand.calls import DEFINITE
from ondemand.gateway.endings import set_end
from ondemand.gateway.errors import GatewayError
from ondemand.gateway.subscriptions import ENDED, fetch_subscription
from ondemand.hints import hint
from ondemand.models import User
from ondemand.tenancy.context import as_worker

LEASE = timedelta(seconds=90)  # longer than a call's time-outs: whoever was killed is followed after it
AROUND_END = timedelta(minutes=5)  # a call that Stripe takes after the end would miss it


class CancellationRefused(Exception):
    """The message is for the customer."""


class TooLate(Exception):
    """The moment has passed while Stripe did not know."""


def cancel(subscription_id: int, *, reason: str, text: str, by: User, now: datetime) -> Cancellation:
    """To the end of the term; cancelled already, it is that one. Raises CancellationRefused; the caller has a scope."""
    subscription = _lock(subscription_id)
    known = Cancellation.objects.open().filter(partner_id=subscription.partner_id, subscription=subscription).first()
    if known:
        return known
    if subscription.state in Subscription.ENDED or subscription.cancel_at:
        raise CancellationRefused(_("This subscription ends already."))
    cancellation = Cancellation.objects.create(
        partner_id=subscription.partner_id,
        customer_id=subscription.customer_id,
        subscription=subscription,
        reason=reason,
        text=text,
        by=by,
        created_at=now,
        ends_at=subscription.term_ends_at(now),
        next_try_at=_overtake(subscription, now),
    )
    _say("cancelled", cancellation, now, by)
    hint("customers.tasks.tell_end", cancellation.pk)
    return cancellation


def _overtake(subscription: Subscription, now: datetime) -> datetime:
    """Of an earlier undoing Stripe need not know any more. Returns when no call about one is under way."""
    undone = Cancellation.objects.filter(partner_id=subscription.partner_id, subscription=subscription)
    untold = list(undone.filter(undone_at__isnull=False, told_at=None).select_for_update())
    undone.filter(pk__in=[each.pk for each in untold]).update(told_at=now, call_key="")
    return min(now + LEASE, max((each.next_try_at for each in untold if each.call_key), default=now))


def undo(cancellation_id: int, *, by: User, now: datetime, why: str = "") -> bool:
    """It goes on. False once the end is there, or it was undone before. The caller opens the scope.

    While Stripe is being told of the end, what it is to know next waits for that call's lease.
    """
    waiting = Cancellation.objects.open().filter(ends_at__gt=now + AROUND_END)
    cancellation = _related(waiting).filter(pk=cancellation_id).first()
    if cancellation is None or cancellation.subscription.state in Subscription.ENDED:
        return False
    again = cancellation.next_try_at if cancellation.call_key else now
    Cancellation.objects.filter(pk=cancellation.pk).update(
        undone_at=now, undone_by=by, told_at=None, tries=0, next_try_at=again
    )
    _say("undone", cancellation, now, by, **({"why": why} if why else {}))
    hint("customers.tasks.tell_end", cancellation.pk)
    return True


def tell(cancellation_id: int, *, now: datetime) -> bool:
    """Let Stripe know. False where it gave no answer: the next sweep asks again."""
    cancellation = _claim(cancellation_id, now)
    if cancellation is None:
        return True
    try:
        _call(cancellation, now)
    except (GatewayError, TooLate) as error:
        _postpone(cancellation, error, now)
        return False
    return _record(cancellation, now)


def agree(stripe_id: str, *, now: datetime) -> None:
    """What Stripe says of the end, where it knew of ours, holds. The caller holds the object's lock."""
    told = Cancellation.objects.open().filter(subscription__stripe_id=stripe_id, told_at__lt=now)
    cancellation = _related(told).exclude(subscription__state__in=Subscription.ENDED).first()
    if cancellation is None or cancellation.subscription.cancel_at == cancellation.ends_at:
        return
    if at := cancellation.subscription.cancel_at:
        Cancellation.objects.filter(pk=cancellation.pk).update(ends_at=at)
        return
    Cancellation.objects.filter(pk=cancellation.pk).update(undone_at=now)
    _say("undone", cancellation, now, None)


def close(*, now: datetime) -> int:
    """Those whose subscription has ended, which is said once. Returns how many. The caller opens the scope."""
    ended = list(_related(Cancellation.objects.to_close()))
    for cancellation in ended:
        Cancellation.objects.filter(pk=cancellation.pk).update(
            ended_at=cancellation.subscription.ended_at or now, call_key=""
        )
        _say("ended", cancellation, now, None)
    return len(ended)


def _lock(subscription_id: int) -> Subscription:
    locked = Subscription.objects.select_for_update(of=("self",)).select_related("plan", "customer")
    return locked.get(pk=subscription_id)


def _related(rows: CancellationQuerySet) -> CancellationQuerySet:
    locked = rows.select_for_update(of=("self",))
    return locked.select_related("subscription__customer", "subscription__plan", "subscription__product")


def _claim(cancellation_id: int, now: datetime) -> Cancellation | None:
    with as_worker():
        waiting = Cancellation.objects.to_tell(now).select_for_update(skip_locked=True, of=("self",))
        cancellation = waiting.select_related("subscription__customer").filter(pk=cancellation_id).first()
        if cancellation:
            cancellation.claim("cancellation", until=now + LEASE)
        return cancellation


def _call(cancellation: Cancellation, now: datetime) -> None:
    facts = fetch_subscription(cancellation.subscription.stripe_id)
    if facts.state in ENDED or facts.cancel_at == cancellation.wanted:
        return
    if cancellation.wanted and cancellation.wanted <= now:
        raise TooLate("The end has passed while Stripe did not know. End the subscription at once.")
    set_end(facts.id, cancellation.wanted, key=f"{cancellation.call_key}-{'keep' if cancellation.undone_at else 'end'}")


def _record(cancellation: Cancellation, now: datetime) -> bool:
    """False where it was undone meanwhile: then Stripe is to know of that."""
    with as_worker():
        inbox.lock_object("", cancellation.subscription.stripe_id)  # who fetched before Stripe knew writes before
        mine = Cancellation.objects.filter(pk=cancellation.pk, call_key=cancellation.call_key)
        if not mine.filter(undone_at=cancellation.undone_at).update(told_at=now, call_key="", tries=0, error=""):
            mine.update(call_key="", next_try_at=now)
            return False
        Subscription.objects.live().filter(pk=cancellation.subscription_id).update(cancel_at=cancellation.wanted)
        upcoming.want(cancellation.subscription.stripe_id, now=now)
        return True


def _postpone(cancellation: Cancellation, error: Exception, now: datetime) -> None:
    """Staff read of a definite no."""
    definite = isinstance(error, (*DEFINITE, TooLate))
    with as_worker():
        mine = Cancellation.objects.filter(pk=cancellation.pk, call_key=cancellation.call_key)
        mine.update(**cancellation.failed(error, now, definite=definite))
        if definite:
            _alarm(cancellation, error, now)


def _alarm(cancellation: Cancellation, error: Exception, now: datetime) -> None:
    mail.tell_staff(
        f"cancellation-{cancellation.pk}-stuck",
        template="cancellation_stuck",
        context={
            "cancellation": cancellation,
            "error": error,
            "url": f"{settings.ONDEMAND_URL}/admin/customers/cancellation/{cancellation.pk}/change/",
        },
        now=now,
        partner_id=cancellation.partner_id,
        customer_id=cancellation.customer_id,
    )


def _say(what: str, cancellation: Cancellation, now: datetime, by: User | None, **more: str) -> None:
    """In the trail, and to the customer and its partner: templates/mail/subscription_<what>.txt."""
    subscription, day = cancellation.subscription, clock.business_day(cancellation.ends_at)
    audit.record(
        f"subscription.{what}",
        now=now,
        actor=by,
        partner_id=cancellation.partner_id,
        customer_id=cancellation.customer_id,
        target=subscription.customer.name,
        plan=f"{subscription.product} · {subscription.plan}",
        ends=day.isoformat(),
        **more,
    )
    readers.tell_both(
        f"cancellation-{cancellation.pk}-{what}",
        subscription.customer,
        template=f"subscription_{what}",
        context={"cancellation": cancellation, "subscription": subscription, "day": day},
        now=now,
    )
