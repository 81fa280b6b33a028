"""Tokens of cards and bank accounts."""

from __future__ import annotations

from ondemand.standins.stripe.account import Account, random_text
from ondemand.standins.stripe.core import operation
from ondemand.standins.stripe.errors import StripeError, invalid, not_done
from ondemand.standins.stripe.external_accounts import details, new_bank
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.payment_methods import check_card, find_card
from ondemand.standins.stripe.shapes import Object, blank


@operation("POST /v1/tokens")
def create(account: Account, params: Params) -> Object:
    if "bank_account" in params:
        return _of_bank(account, params["bank_account"])
    if "card" not in params or not isinstance(params["card"], Params):
        raise not_done("tokens of anything but a card's number or a bank account")
    given = params["card"]
    card, number = find_card(given["number"]), given["number"]
    month, year = _expiry(account, given)
    shown = blank("card") | {
        "id": random_text(24, "card_"), "brand": card.brand.title(), "country": card.country, "funding": card.funding,
        "exp_month": month, "exp_year": year, "last4": number[-4:], "name": given.get("name"),
        "fingerprint": f"standin{number[-9:]}", "metadata": {},
    }  # fmt: skip
    return account.new("token", type="card", used=False, card=shown, _number=card.number)


def _expiry(account: Account, given: Params) -> tuple[int, int]:
    for name in ("month", "year"):
        if not given[f"exp_{name}"].isdigit():
            raise StripeError(402, f"Your card's expiration {name} is invalid.", kind="card_error",
                              code=f"invalid_expiry_{name}", param=f"exp_{name}")  # fmt: skip
    return check_card(account, given)


def _of_bank(account: Account, given: Params) -> Object:
    bank = details(given)
    owner = {"id": None, "country": bank["country"], "default_currency": bank["currency"]}
    shown = new_bank(account, owner, **bank)
    shown = {name: value for name, value in shown.items() if name not in ("account", "requirements",
             "future_requirements", "default_for_currency", "metadata", "available_payout_methods")}  # fmt: skip
    if len(bank["number"]) < 6:
        raise invalid("You must use a valid bank account number.", "bank_account[account_number]",
                      "account_number_invalid")  # fmt: skip
    return account.new("token", id=random_text(24, "btok_"), type="bank_account", used=False, bank_account=shown,
                       _bank=bank)  # fmt: skip


@operation("GET /v1/tokens/{token}")
def retrieve(account: Account, params: Params, id: str) -> Object:
    return account.get("token", id)
