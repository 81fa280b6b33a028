"""Tax rates."""

from __future__ import annotations

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import assign, changed, operation, resource
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object

FIELDS = "active country description display_name jurisdiction metadata state tax_type"

resource("tax_rate", "/v1/tax_rates", "active inclusive")


@operation("POST /v1/tax_rates")
def create(account: Account, params: Params) -> Object:
    share = float(params["percentage"])
    if not 0 <= share <= 100:
        raise invalid("Percentage must be between 0 and 100.", "percentage")
    made = account.new(
        "tax_rate", active=True, percentage=share, effective_percentage=share, inclusive=params["inclusive"],
        rate_type="percentage", metadata={},
    )  # fmt: skip
    emit(account, "tax_rate.created", account.save(assign(made, params, FIELDS)))
    return made


@operation("POST /v1/tax_rates/{tax_rate}")
def update(account: Account, params: Params, id: str) -> Object:
    before = account.get("tax_rate", id)
    after = assign(dict(before), params, FIELDS)
    emit(account, "tax_rate.updated", account.save(after), changed(before, after))
    return after


def rates(account: Account, params: Params, name: str) -> list[Object]:
    """The active rates that a parameter names."""
    found = [account.get("tax_rate", id, name) for id in params.get(name) or []]
    for rate in found:
        if not rate["active"]:
            raise invalid(f"The tax rate {rate['id']} is not active.", name)
    return found
