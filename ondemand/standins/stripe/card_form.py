"""The card as it is typed on a hosted page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from ondemand.standins.stripe import payment_methods
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.cards import BY_NUMBER
from ondemand.standins.stripe.shapes import Object


class Refused(Exception):
    """A sentence for whoever typed it."""


class Typed(NamedTuple):
    number: str
    month: int
    year: int
    name: str


def read(account: Account, form: dict[str, str]) -> Typed:
    number = re.sub(r"[ -]", "", form.get("number", ""))
    if not number:
        raise Refused("Please enter the card number.")
    if number not in BY_NUMBER:
        raise Refused(
            "This card number is not one of Stripe’s published test numbers. Nothing else works here; try "
            "4242 4242 4242 4242."
        )
    month, year = _expiry(account, form.get("expiry", ""))
    if not re.fullmatch(r"\d{3,4}", form.get("cvc", "")):
        raise Refused("The security code has three digits (four on American Express).")
    return Typed(number, month, year, form.get("name", ""))


def _expiry(account: Account, text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,2})\s*[/-]?\s*(\d{4}|\d{2})", text)
    month, year = (int(found[1]), int(found[2]) % 100 + 2000) if found else (0, 0)
    if not 1 <= month <= 12:
        raise Refused("Please enter the expiry date as month and year, like 12 / 34.")
    today = datetime.fromtimestamp(account.now(), UTC)
    if (year, month) < (today.year, today.month):
        raise Refused("This card has expired.")
    return month, year


def method_of(account: Account, typed: Typed, email: str | None, address: Object | None) -> Object:
    method = payment_methods.new(account, BY_NUMBER[typed.number], typed.month, typed.year)
    details = method["billing_details"] | {"name": typed.name or None, "email": email}
    if address:
        details["address"] = details["address"] | address
    return account.save(method | {"billing_details": details, "allow_redisplay": "limited"})
