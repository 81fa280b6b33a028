"""Where a partner's money goes: its account at Stripe Connect."""

from __future__ import annotations

from datetime import datetime

from ondemand import audit
from ondemand.gateway import payouts
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from partners.models import BankAccount, Partner


def open_bank_account(
    partner: Partner, *, email: str, return_url: str, now: datetime, actor: User | None = None
) -> str:
    """The address where the partner tells Stripe where its money goes; makes the account there at first."""
    with as_worker():
        current = BankAccount.objects.filter(partner=partner, replaced_at=None).first()
    if current is None:
        facts = payouts.create_account(
            country=partner.country, email=email, reference=partner.code, key=f"partner-{partner.pk}-account-1"
        )
        with as_worker():
            current, made = BankAccount.objects.get_or_create(
                partner=partner,
                replaced_at=None,
                defaults={
                    "stripe_id": facts.id,
                    "transfers_enabled": facts.transfers_enabled,
                    "created_at": now,
                },
            )
            if made:
                audit.record("bank_account.opened", now=now, actor=actor, partner_id=partner.pk, target=facts.id)
    return payouts.onboarding_url(current.stripe_id, refresh_url=return_url, return_url=return_url)


def sync_bank_account(stripe_id: str, *, now: datetime) -> None:
    """Fetch the account again and note whether money can be sent there."""
    facts = payouts.fetch_account(stripe_id)
    changed = BankAccount.objects.filter(stripe_id=stripe_id).exclude(transfers_enabled=facts.transfers_enabled)
    for account in changed:
        audit.record(
            "bank_account.ready" if facts.transfers_enabled else "bank_account.blocked",
            now=now,
            partner_id=account.partner_id,
            target=stripe_id,
        )
    changed.update(transfers_enabled=facts.transfers_enabled)
