"""From payable commissions to an approved payment. Beat only drafts; people propose and approve."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Sum
from django.utils.translation import gettext as _

from commissions.models import Commission, CommissionQuerySet
from ondemand import audit, clock
from ondemand.hints import hint
from ondemand.models import User
from partners.models import BankAccount, Partner
from payments.holds import held
from payments.models import Payment, PaymentLine

MINIMUM = settings.PAYMENT_MINIMUM


class PaymentRefused(Exception):
    """The step cannot be taken; the message says why, for the person who asked."""


def eligible(*, day: date) -> CommissionQuerySet:
    """Payable on a business day, not held and in no payment: one query for the job, the preview and the button."""
    paying = PaymentLine.objects.filter(partner_id=OuterRef("partner_id"), commission=OuterRef("pk"), freed=False)
    return Commission.objects.filter(~Exists(paying), ~held(), payable_on__lte=day)


def payable(*, day: date, partner_id: int | None = None) -> list[tuple[int, str, int]]:
    """(partner, currency, sum in minor units) of what is eligible; negative sums too."""
    rows = eligible(day=day)
    if partner_id is not None:
        rows = rows.filter(partner_id=partner_id)
    sums = rows.order_by().values_list("partner_id", "currency").annotate(sum=Sum("amount"))
    return [(partner, currency, total) for partner, currency, total in sums]


def draft_all(*, now: datetime) -> list[Payment]:
    """A draft for each partner and currency whose payable sum reaches the minimum; the rest is carried forward."""
    due = payable(day=clock.business_day(now))
    made = [draft(partner_id, currency, now=now) for partner_id, currency, total in due if total >= MINIMUM]
    return [payment for payment in made if payment]


def draft(partner_id: int, currency: str, *, now: datetime) -> Payment | None:
    """None where one is in preparation already, or what is payable is below the minimum by now."""
    partner = Partner.objects.select_for_update().get(pk=partner_id)
    rows = list(eligible(day=clock.business_day(now)).filter(partner=partner, currency=currency))
    total = sum(row.amount for row in rows)
    if total < MINIMUM or _in_preparation(partner, currency):
        return None
    try:
        with transaction.atomic():
            payment = Payment.objects.create(
                partner=partner,
                number=_next_number(partner, now),
                currency=currency,
                amount=total,
                period=clock.month_start(clock.business_day(now)),
                created_at=now,
                next_try_at=now,
            )
            PaymentLine.objects.bulk_create(_lines(payment, rows))
    except IntegrityError:  # another run was quicker with one of these rows
        return None
    audit.record("payment.drafted", now=now, partner_id=partner.pk, target=payment.number, amount=total)
    return payment


def _in_preparation(partner: Partner, currency: str) -> bool:
    states = [Payment.State.DRAFT, Payment.State.PROPOSED]
    return Payment.objects.filter(partner=partner, currency=currency, state__in=states).exists()


def _next_number(partner: Partner, now: datetime) -> str:
    """A series per partner; the partner's row is locked, so it has no gap and no double."""
    count = Payment.objects.filter(partner=partner).count() + 1
    return f"{partner.code.upper()}-{clock.business_day(now).year}-{count:04}"


def _lines(payment: Payment, rows: Iterable[Commission]) -> list[PaymentLine]:
    return [
        PaymentLine(
            partner_id=payment.partner_id, payment=payment, commission=row, currency=row.currency, amount=row.amount
        )
        for row in rows
    ]


def propose(payment: Payment, *, by: User, now: datetime) -> None:
    """Ask a second member of staff to approve it. Raises PaymentRefused unless it is a draft."""
    drafted = Payment.objects.filter(pk=payment.pk, state=Payment.State.DRAFT)
    if not drafted.update(state=Payment.State.PROPOSED, proposed_by=by, proposed_at=now):
        raise PaymentRefused(_("Payment %(number)s is no longer a draft.") % {"number": payment.number})
    audit.record("payment.proposed", now=now, actor=by, partner_id=payment.partner_id, target=payment.number)


def propose_all(*, by: User, now: datetime) -> list[Payment]:
    draft_all(now=now)
    drafted = list(Payment.objects.filter(state=Payment.State.DRAFT).order_by("pk"))
    for payment in drafted:
        propose(payment, by=by, now=now)
    return drafted


def approve(payment: Payment, *, by: User, now: datetime) -> None:
    """Freeze the destination and let it be sent. Raises PaymentRefused, to be read by who asked."""
    fresh = Payment.objects.select_for_update(of=("self",)).get(pk=payment.pk)
    if fresh.state not in (Payment.State.PROPOSED, Payment.State.FAILED):
        raise PaymentRefused(_("Payment %(number)s is not proposed.") % {"number": fresh.number})
    if fresh.proposed_by_id == by.pk:
        words = _("You proposed payment %(number)s: someone else must approve it.")
        raise PaymentRefused(words % {"number": fresh.number})
    destination = BankAccount.objects.filter(partner_id=fresh.partner_id, replaced_at=None).first()
    if destination is None or not destination.transfers_enabled:
        raise PaymentRefused(_("The partner has not finished setting up a bank account; the payment waits for it."))
    Payment.objects.filter(pk=fresh.pk).update(
        state=Payment.State.APPROVED,
        approved_by=by,
        approved_at=now,
        destination=destination,
        waiting="",
        next_try_at=now,
    )
    audit.record("payment.approved", now=now, actor=by, partner_id=fresh.partner_id, target=fresh.number)
    hint("payments.tasks.send", fresh.pk)


CANCELLABLE = (Payment.State.DRAFT, Payment.State.PROPOSED, Payment.State.APPROVED, Payment.State.FAILED)


def cancel(payment: Payment, *, by: User, now: datetime) -> None:
    """Cancel it and free its commissions for the next one. Raises PaymentRefused once it is being sent."""
    open_ones = Payment.objects.filter(pk=payment.pk, state__in=CANCELLABLE)
    if not open_ones.update(state=Payment.State.CANCELLED):
        raise PaymentRefused(_("Payment %(number)s can no longer be cancelled.") % {"number": payment.number})
    PaymentLine.objects.filter(payment_id=payment.pk, freed=False).update(freed=True)
    audit.record("payment.cancelled", now=now, actor=by, partner_id=payment.partner_id, target=payment.number)
