"""Jobs about payments."""

from __future__ import annotations

from datetime import datetime

from ondemand import clock, inbox
from ondemand.comparing import compare_nightly
from ondemand.jobs import job
from ondemand.tenancy.context import as_worker
from partners.models import BankAccount
from partners.services import sync_bank_account
from payments.comparing import COMPARED
from payments.models import Payment
from payments.services import preparing, sending

KINDS = ("account",)


@job
def send(payment_id: int) -> None:
    sending.send(payment_id, now=clock.now())


@job
def draft() -> None:
    with as_worker():
        preparing.draft_all(now=clock.now())


@job
def take_events() -> None:
    inbox.take(KINDS, sync, now=clock.now())


def sync(kind: str, stripe_id: str, now: datetime) -> None:
    """An account at Connect. Its row is there before anyone can change it, so one without a row is no partner's."""
    if not BankAccount.objects.filter(stripe_id=stripe_id).exists():
        raise inbox.Nobodys(f"no partner has the account {stripe_id}")
    sync_bank_account(stripe_id, now=now)


@job
def sweep() -> None:
    now = clock.now()
    with as_worker():
        to_send = list(Payment.objects.to_send(now).values_list("pk", flat=True)[:100])
    for payment_id in to_send:
        sending.send(payment_id, now=now)


@job
def compare() -> None:
    """Hourly; it does its work once a night."""
    compare_nightly("payments", COMPARED, now=clock.now())
