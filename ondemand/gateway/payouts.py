"""Money to partners: their accounts at Stripe Connect, our balance, transfers. Amounts in minor units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import stripe

from ondemand.gateway.client import id_of, stripe_call


@dataclass(frozen=True)
class AccountFacts:
    id: str
    transfers_enabled: bool


@dataclass(frozen=True)
class TransferFacts:
    id: str
    amount: int
    currency: str
    destination: str
    reversed: int


def create_account(*, country: str, email: str, reference: str, key: str) -> AccountFacts:
    params: stripe.params.AccountCreateParams = {
        "type": "express",
        "country": country,
        "email": email,
        "capabilities": {"transfers": {"requested": True}},
        "metadata": {"partner": reference},
    }
    with stripe_call() as client:
        return _account(client.v1.accounts.create(params, {"idempotency_key": key}))


def fetch_account(id: str) -> AccountFacts:
    with stripe_call() as client:
        return _account(client.v1.accounts.retrieve(id))


def onboarding_url(id: str, *, refresh_url: str, return_url: str) -> str:
    """Where the partner tells Stripe who they are and where the money goes. Good for one visit."""
    with stripe_call() as client:
        link = client.v1.account_links.create(
            {
                "account": id,
                "type": "account_onboarding",
                "refresh_url": refresh_url,
                "return_url": return_url,
            }
        )
        return link.url


def _account(account: stripe.Account) -> AccountFacts:
    capability = account.capabilities.transfers if account.capabilities else None
    return AccountFacts(account.id, capability == "active")


def available(currency: str) -> int:
    """What can be sent now, in minor units."""
    with stripe_call() as client:
        balance = client.v1.balance.retrieve()
    return sum(each.amount for each in balance.available if each.currency == currency.lower())


def transfer(*, amount: int, currency: str, destination: str, group: str, key: str) -> TransferFacts:
    params: stripe.params.TransferCreateParams = {
        "amount": amount,
        "currency": currency.lower(),
        "destination": destination,
        "transfer_group": group,
        "metadata": {"payment": group},
    }
    with stripe_call() as client:
        return _transfer(client.v1.transfers.create(params, {"idempotency_key": key}))


def transfers_of(group: str) -> list[TransferFacts]:
    with stripe_call() as client:
        found = client.v1.transfers.list({"transfer_group": group, "limit": 100})
        return [_transfer(each) for each in found.auto_paging_iter()]


def transfers_since(since: datetime | None) -> Iterator[TransferFacts]:
    """All that were made at or after an instant; None: all there are."""
    params: stripe.params.TransferListParams = {"limit": 100}
    if since:
        params["created"] = {"gte": int(since.timestamp())}
    with stripe_call() as client:
        yield from map(_transfer, client.v1.transfers.list(params).auto_paging_iter())


def fetch_transfer(id: str) -> TransferFacts:
    with stripe_call() as client:
        return _transfer(client.v1.transfers.retrieve(id))


def _transfer(found: stripe.Transfer) -> TransferFacts:
    return TransferFacts(
        found.id, found.amount, found.currency.upper(), id_of(found.destination), found.amount_reversed
    )
