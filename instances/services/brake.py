"""The brake on suspensions and deletions. Sync and resuming go on; staff close and open it, and it closes by itself
and asks: when many would be touched at once, or when what a suspension rests on was silent for too long.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max

from customers.models import Subscription
from instances.models import Brake, Deletion, Instance, Tick
from ondemand import audit, clock, mail
from ondemand.models import Comparison, User

SILENCE = timedelta(hours=6)
NIGHTLY = timedelta(days=1)  # how often Stripe and we are compared anyway
MANY, SHARE = 5, 2  # more instances than this, and more than this per cent of the zone's


def close_brake(reason: str, *, now: datetime, by: User | None = None) -> bool:
    """False where it is closed already. Staff are mailed. Also what a restore calls before anything else runs."""
    row, new = Brake.objects.get_or_create(
        opened_at=None, defaults={"reason": reason[:200], "closed_at": now, "closed_by": by}
    )
    if new:
        audit.record("brake.closed", now=now, actor=by, why=reason)
        context = {"reason": reason, "url": f"{settings.ONDEMAND_URL}/admin/instances/brake/"}
        mail.tell_staff(f"brake-{row.pk}", template="brake_closed", context=context, now=now)
    return new


def open_brake(*, reason: str, by: User, now: datetime) -> bool:
    """What is due by now may then be suspended. False where it is open."""
    opened = {"opened_at": now, "opened_by": by, "answer": reason}
    if not Brake.objects.in_force().update(**opened):
        return False
    audit.record("brake.opened", now=now, actor=by, why=reason)
    return True


def watch(*, now: datetime) -> bool:
    """Note the tick and close the brake where there is a reason. Returns whether suspensions may go on."""
    reason = _silence_of_beat(now) or _silence_of_comparison(now) or _too_many(now)
    Tick.objects.update_or_create(pk=1, defaults={"at": now})
    if reason:
        close_brake(reason, now=now)
    return not Brake.objects.in_force().exists()


def _silence_of_beat(now: datetime) -> str:
    last = Tick.objects.values_list("at", flat=True).first()
    return f"Nothing ran between {last:%Y-%m-%d %H:%M} and now (UTC)." if last and now - last > SILENCE else ""


def _silence_of_comparison(now: datetime) -> str:
    """Asked only where somebody is to be suspended: a new zone has nothing to compare."""
    last = Comparison.objects.filter(error="", part="customers").aggregate(at=Max("finished_at"))["at"]
    known = [at for at in (last, Brake.objects.last_opened()) if at]
    if known and now - max(known) <= NIGHTLY + SILENCE or not _touched(now, seen=None):
        return ""
    return "The nightly comparison with Stripe is overdue."


def _too_many(now: datetime) -> str:
    """Those apart that were due when staff opened the brake last."""
    count, live = _touched(now, seen=Brake.objects.last_opened()), Instance.objects.live().count()
    if count <= MANY or count * 100 <= live * SHARE:
        return ""
    return f"{count} of {live} instances would be suspended or deleted at once."


def _touched(now: datetime, *, seen: datetime | None) -> int:
    """How many instances would be suspended, stopped or deleted."""
    unpaid = Instance.objects.overdue(now) if settings.SUSPEND_UNPAID else Instance.objects.none()
    ended, deleted = Instance.objects.to_stop(), Deletion.objects.to_begin(now)
    if seen:
        unpaid = unpaid.exclude(subscription__in=Subscription.objects.overdue(seen).values("pk"))
        ended = ended.exclude(subscription__ended_at__lte=seen)
        deleted = deleted.exclude(delete_on__lte=clock.business_day(seen))
    return unpaid.count() + ended.count() + deleted.count()
