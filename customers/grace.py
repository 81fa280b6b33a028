"""Staff's say in when an unpaid subscription is suspended: an exemption until a date, other days of grace."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from customers.models import Invoice, Subscription
from ondemand import audit, clock
from ondemand.models import User

MOST_DAYS = 365
A_DAY = timedelta(days=1)


class GraceRefused(Exception):
    """The message is for staff."""


def exempt(subscription: Subscription, *, until: datetime, why: str, by: User, now: datetime) -> None:
    """Not suspended for not paying before then. Raises GraceRefused."""
    row = _locked(subscription)
    if until <= now:
        raise GraceRefused(_("An exemption ends on a day to come."))
    if (row.exempt_until, row.exempt_reason) == (until, why):
        raise GraceRefused(_about(_("%(customer)s is exempt until then already."), row))
    _write(
        row,
        "exempted",
        by,
        now,
        why=why,
        until=clock.business_day(until - A_DAY).isoformat(),
        exempt_until=until,
        exempt_reason=why,
    )


def lift(subscription: Subscription, *, why: str, by: User, now: datetime) -> None:
    """Raises GraceRefused where no exemption is in force."""
    row = _locked(subscription)
    if row.exempt_until is None or row.exempt_until <= now:
        raise GraceRefused(_about(_("%(customer)s is not exempt."), row))
    _write(row, "exemption_lifted", by, now, why=why, exempt_until=None, exempt_reason="")


def change_days(subscription: Subscription, *, days: int, why: str, by: User, now: datetime) -> None:
    """Raises GraceRefused; a date of suspension that was foretold never comes earlier."""
    row = _locked(subscription)
    if days == row.grace_days:
        raise GraceRefused(_about(_("%(customer)s has these days of grace already."), row))
    unpaid = Invoice.objects.unpaid().filter(
        customer_id=row.customer_id, subscription_stripe_id=row.stripe_id, partner_id=row.partner_id
    )
    if days < row.grace_days and unpaid.exists():
        raise GraceRefused(
            _about(_("%(customer)s has an unpaid invoice: its days of grace can be made fewer once it is paid."), row)
        )
    _write(row, "grace_changed", by, now, why=why, days=days, before=row.grace_days, grace_days=days)


def _locked(subscription: Subscription) -> Subscription:
    """Raises GraceRefused for what has ended."""
    rows = Subscription.objects.select_for_update(of=("self",)).select_related("customer")
    row = rows.get(pk=subscription.pk)
    if row.state in Subscription.ENDED:
        raise GraceRefused(_about(_("The subscription of %(customer)s has ended."), row))
    return row


FIELDS = ("exempt_until", "exempt_reason", "grace_days")


def _write(row: Subscription, verb: str, by: User, now: datetime, **given: Any) -> None:
    Subscription.objects.filter(pk=row.pk).update(**{name: given.pop(name) for name in FIELDS if name in given})
    audit.record(
        f"subscription.{verb}",
        now=now,
        actor=by,
        partner_id=row.partner_id,
        customer_id=row.customer_id,
        target=row.customer.name,
        **given,
    )


def _about(sentence: str, row: Subscription) -> str:
    return sentence % {"customer": row.customer.name}
