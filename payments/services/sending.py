"""Sending: commit `sending` with its stored key, then call, then record. Nothing is sent twice, nothing is lost.

A stored answer, an error too, is repeated by the provider for 24 hours under its key; so an attempt older than
23 hours is looked up first, and a definite failure ends the attempt (money.md, Payment).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_noop as _

from ondemand import audit, mail
from ondemand.backoff import next_try
from ondemand.gateway import payouts
from ondemand.gateway.errors import GatewayError, Refused
from ondemand.gateway.payouts import TransferFacts
from ondemand.tenancy.context import as_worker
from partners.models import Member
from payments.models import Payment, PaymentAttempt

LEASE = timedelta(seconds=120)
LOOK_AGAIN = timedelta(hours=1)


def send(payment_id: int, *, now: datetime) -> str:
    """Carry an approved payment on by one step. Returns its state, "" where others are at it."""
    with as_worker():
        payment = Payment.objects.to_send(now).filter(pk=payment_id).first()
    if payment is None:
        return ""
    try:
        if payment.state == Payment.State.APPROVED and not _is_covered(payment, now):
            return payment.state
        attempt = _claim(payment_id, now)
        return _carry_out(attempt, now) if attempt else ""
    except GatewayError as error:
        return _postpone(payment_id, error, now)


def _is_covered(payment: Payment, now: datetime) -> bool:
    """Too low a balance: it stays approved, and says so."""
    covered = payouts.available(payment.currency) >= payment.amount
    if not covered:
        words = _("Waiting until the platform's balance covers it.")  # kept, and read in many languages
        with as_worker():
            approved = Payment.objects.filter(pk=payment.pk, state=Payment.State.APPROVED)
            approved.update(waiting=words, next_try_at=now + LOOK_AGAIN)
    return covered


def _claim(payment_id: int, now: datetime) -> PaymentAttempt | None:
    """The attempt that is under way, or the next one; committed before the call."""
    with as_worker():
        due = Payment.objects.to_send(now).select_for_update(skip_locked=True, of=("self",))
        payment = due.filter(pk=payment_id).first()
        if payment is None:
            return None
        attempt = payment.attempts.filter(state=PaymentAttempt.State.SENDING).first() or _new_attempt(payment, now)
        Payment.objects.filter(pk=payment.pk).update(state=Payment.State.SENDING, waiting="", next_try_at=now + LEASE)
        return PaymentAttempt.objects.select_related("payment__destination").get(pk=attempt.pk)


def _new_attempt(payment: Payment, now: datetime) -> PaymentAttempt:
    number = payment.attempts.count() + 1
    return PaymentAttempt.objects.create(
        partner_id=payment.partner_id,
        payment=payment,
        number=number,
        key=f"payment-{payment.key}-{number}",
        started_at=now,
    )


def _carry_out(attempt: PaymentAttempt, now: datetime) -> str:
    payment = attempt.payment
    if now - attempt.started_at > PaymentAttempt.LOOK_UP_AFTER:
        found = [each for each in payouts.transfers_of(str(payment.key)) if each.reversed < each.amount]
        if found:
            return _record(attempt, found[0], now)
        return _fail(attempt, "no answer within 23 hours, and the provider knows of no transfer", now)
    if payment.destination is None:
        raise RuntimeError(f"payment {payment.number} has no destination")
    try:
        transfer = payouts.transfer(
            amount=payment.amount,
            currency=payment.currency,
            destination=payment.destination.stripe_id,
            group=str(payment.key),
            key=attempt.key,
        )
    except Refused as error:
        return _fail(attempt, str(error), now)
    return _record(attempt, transfer, now)


def _record(attempt: PaymentAttempt, transfer: TransferFacts, now: datetime) -> str:
    """The transfer exists: sent and, this way of sending, paid."""
    with as_worker():
        done = {"state": PaymentAttempt.State.SENT, "finished_at": now, "reference": transfer.id}
        under_way = PaymentAttempt.objects.filter(pk=attempt.pk, state=PaymentAttempt.State.SENDING)
        if not under_way.update(**done):
            return ""
        payment = attempt.payment
        sending = Payment.objects.filter(pk=payment.pk, state=Payment.State.SENDING)
        sending.update(state=Payment.State.SENT, sent_at=now, reference=transfer.id)
        Payment.objects.filter(pk=payment.pk, state=Payment.State.SENT).update(state=Payment.State.PAID, paid_at=now)
        audit.record(
            "payment.paid", now=now, partner_id=payment.partner_id, target=payment.number, reference=transfer.id
        )
        _tell_partner(payment, now)
    return Payment.State.PAID


def _fail(attempt: PaymentAttempt, error: str, now: datetime) -> str:
    """A definite no. Staff approve again, which is a new attempt under a new key."""
    with as_worker():
        under_way = PaymentAttempt.objects.filter(pk=attempt.pk, state=PaymentAttempt.State.SENDING)
        if under_way.update(state=PaymentAttempt.State.FAILED, finished_at=now, error=error[:300]):
            sending = Payment.objects.filter(pk=attempt.payment_id, state=Payment.State.SENDING)
            sending.update(state=Payment.State.FAILED, waiting=error[:300])
            audit.record(
                "payment.failed",
                now=now,
                partner_id=attempt.partner_id,
                target=attempt.payment.number,
                error=error[:300],
            )
    return Payment.State.FAILED


def _postpone(payment_id: int, error: GatewayError, now: datetime) -> str:
    """Unknown, or nothing stored: the same attempt and key again."""
    with as_worker():
        payment = Payment.objects.get(pk=payment_id)
        tries = max(0, int((now - payment.created_at).total_seconds() // 600))
        Payment.objects.filter(pk=payment_id).update(
            waiting=str(error)[:300], next_try_at=next_try(now, min(tries, 5), most=timedelta(minutes=10))
        )
    return payment.state


def _tell_partner(payment: Payment, now: datetime) -> None:
    people = Member.objects.filter(partner_id=payment.partner_id, active=True)
    for member in people.exclude(role=Member.Role.SUPPORT).select_related("user"):
        mail.queue(
            f"payment-{payment.pk}-paid-{member.pk}",
            template="payment_paid",
            to=member.user.email,
            language=member.user.language,
            context={"payment": payment, "url": f"{settings.ONDEMAND_URL}{payment.get_absolute_url()}"},
            now=now,
            partner_id=payment.partner_id,
        )
