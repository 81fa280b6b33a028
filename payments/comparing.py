"""Partners' accounts and transfers as the nightly comparison with Stripe takes them.

Of transfers nothing here is written by it: a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import F, QuerySet, Value

from ondemand.comparing import CannotMend, Kind
from ondemand.gateway import payouts
from partners.models import BankAccount
from partners.services import sync_bank_account
from payments.models import Payment


def _sent() -> QuerySet[Payment]:
    return Payment.objects.exclude(reference="").annotate(stripe_id=F("reference"), reversed=Value(0))


def _refuse(stripe_id: str, now: datetime) -> None:
    payment = Payment.objects.filter(reference=stripe_id).first()
    if payment is None:
        raise CannotMend("No payment has this transfer as its reference: find out at Stripe who made it.")
    raise CannotMend(f"The transfer of payment {payment.number} was changed at Stripe: find out by whom.")


def _current_accounts() -> QuerySet[BankAccount]:
    return BankAccount.objects.filter(replaced_at=None)


def _none_listed(since: datetime | None) -> Iterator[payouts.AccountFacts]:
    """Accounts that no partner has do not matter; ours are looked at one by one."""
    return iter(())


COMPARED = (
    Kind(
        "bank account",
        fields=("transfers_enabled",),
        rows=_current_accounts,
        unfinished=_current_accounts,
        listed=_none_listed,
        fetch=payouts.fetch_account,
        mend=lambda stripe_id, now: sync_bank_account(stripe_id, now=now),
    ),
    Kind(
        "transfer",
        fields=("amount", "currency", "reversed"),
        rows=_sent,
        unfinished=lambda: _sent().none(),
        listed=payouts.transfers_since,
        fetch=payouts.fetch_transfer,
        mend=_refuse,
    ),
)
