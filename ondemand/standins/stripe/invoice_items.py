"""Invoice items: what waits for the next invoice, and what was added to a draft."""

from __future__ import annotations

from decimal import Decimal

from ondemand.standins.stripe import lines
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.catalogue import amount_of, settle_inline
from ondemand.standins.stripe.core import assign, operation, resource
from ondemand.standins.stripe.discounts import apply as apply_discounts
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.tax_rates import rates
from ondemand.standins.stripe.totals import rounded

FIELDS = "description metadata discountable"

resource(
    "invoiceitem", "/v1/invoiceitems", "customer invoice",
    pending=lambda item, wanted: (item["invoice"] is None) == wanted,
)  # fmt: skip


@operation("POST /v1/invoiceitems")
def create(account: Account, params: Params) -> Object:
    customer = account.get("customer", params.need("customer"), "customer")
    made = new_item(account, customer["id"], "", 0, None, period=_period(params), subscription=_owner(account, params))
    _price(account, made, params)
    if not customer["currency"]:
        account.save(customer | {"currency": made["currency"]})
    assign(made, params, FIELDS)
    made["tax_rates"] = [account.render(rate) for rate in rates(account, params, "tax_rates")]
    if "discounts" in params:
        apply_discounts(account, made, params)
    if id := params.get("invoice"):
        invoice = lines.draft(account, id)
        lines.add_items(account, invoice, [made])
    emit(account, "invoiceitem.created", account.save(made))
    return made


def _owner(account: Account, params: Params) -> str | None:
    if "subscription" not in params:
        return None
    subscription = account.get("subscription", params["subscription"], "subscription")
    if subscription["customer"] != params["customer"]:
        raise invalid("The subscription does not belong to the customer.", "subscription")
    if subscription["status"] in ("canceled", "incomplete_expired"):
        raise invalid(
            f"This subscription is {subscription['status']}: no invoice items can be added to it.",
            "subscription",
        )
    return str(subscription["id"])


def _period(params: Params) -> Object | None:
    period: Object | None = params.plain("period")
    if period and period["end"] < period["start"]:
        raise invalid("The end of the period cannot be before its start.", "period[end]")
    return period


def _price(account: Account, item: Object, params: Params) -> None:
    quantity = _quantity(params, Decimal(1))
    item["description"] = item["description"] or params.get("description")
    settle_inline(account, params)
    if "price" in params:
        params["pricing"] = Params({"price": params["price"]})
    if pricing := params.get("pricing"):
        price = account.get("price", pricing.need("price"), "pricing[price]")
        if price["type"] != "one_time":
            raise invalid(
                "The price specified is set to `type=recurring` but this field only accepts prices with "
                "`type=one_time`.", "pricing[price]",
            )  # fmt: skip
        item["currency"] = price["currency"]
        item["description"] = item["description"] or account.get("product", price["product"])["name"]
        _by_price(item, price, quantity)
    elif "unit_amount_decimal" in params:
        item["currency"] = params.need("currency").lower()
        _by_unit(item, params["unit_amount_decimal"], quantity)
    elif "amount" in params and not {"quantity", "quantity_decimal"} & set(params):
        item["currency"] = params.need("currency").lower()
        _by_amount(item, params["amount"])
    else:
        raise invalid("You must provide one of `amount` or `pricing`.", "amount", "parameter_missing")


def _quantity(params: Params, otherwise: Decimal) -> Decimal:
    given = [params[name] for name in ("quantity", "quantity_decimal") if name in params]
    if len(given) > 1:
        raise invalid("You may only specify one of these parameters: quantity, quantity_decimal.", "quantity")
    quantity = Decimal(given[0]) if given else otherwise
    if quantity < 0:
        raise invalid("Invalid non-negative integer", "quantity", "parameter_invalid_integer")
    return quantity


def _counted(quantity: Decimal) -> Object:
    return {"quantity": int(quantity), "quantity_decimal": f"{quantity:f}"}


def _by_price(item: Object, price: Object, quantity: Decimal) -> None:
    item |= _counted(quantity) | {
        "amount": amount_of(price, quantity), "_price": price,
        "pricing": {
            "type": "price_details", "unit_amount_decimal": price["unit_amount_decimal"],
            "price_details": {"price": price["id"], "product": price["product"]},
        },
    }  # fmt: skip


def _by_unit(item: Object, unit: str, quantity: Decimal) -> None:
    item |= _counted(quantity) | {
        "amount": rounded(Decimal(unit) * quantity),
        "pricing": {"type": "price_details", "unit_amount_decimal": unit},
    }  # fmt: skip


def _by_amount(item: Object, amount: int) -> None:
    item |= {
        "amount": amount, "quantity": 1, "quantity_decimal": "1",
        "pricing": {"type": "price_details", "unit_amount_decimal": str(amount)},
    }  # fmt: skip


def new_item(
    account: Account, customer: str, currency: str, amount: int, pricing: Object | None, *, quantity: int = 1,
    period: Object | None = None, subscription: str | None = None, item: str | None = None, proration: bool = False,
    description: str | None = None,
) -> Object:  # fmt: skip
    now = account.now()
    of = {"subscription": subscription} | ({"subscription_item": item} if item else {})
    return account.new(
        "invoiceitem", customer=customer, amount=amount, currency=currency, quantity=quantity, date=now,
        quantity_decimal=str(quantity), pricing=pricing, period=period or {"start": now, "end": now}, metadata={},
        discountable=not proration, discounts=[], tax_rates=[], proration=proration, description=description,
        parent={"type": "subscription_details", "subscription_details": of} if subscription else None,
    )  # fmt: skip


@operation("POST /v1/invoiceitems/{invoiceitem}")
def update(account: Account, params: Params, id: str) -> Object:
    """Pending, or on a draft: there its line changes with it."""
    item = _open(account, id)
    assign(item, params, FIELDS)
    if "period" in params:
        item["period"] = _period(params)
    if "tax_rates" in params:
        item["tax_rates"] = [account.render(rate) for rate in rates(account, params, "tax_rates")]
    if {"amount", "quantity", "quantity_decimal", "pricing", "price_data", "unit_amount_decimal"} & set(params):
        _reprice(account, item, params)
    if "discounts" in params:
        apply_discounts(account, item, params)
    account.save(item)
    if item["invoice"]:
        lines.refresh(account, item)
    return item


def _reprice(account: Account, item: Object, params: Params) -> None:
    if "amount" in params:
        return _by_amount(item, params["amount"])
    quantity = _quantity(params, Decimal(item["quantity_decimal"]))
    if "unit_amount_decimal" in params:
        return _by_unit(item, params["unit_amount_decimal"], quantity)
    settle_inline(account, params)
    pricing = params.get("pricing") or ({"price": params["price"]} if "price" in params else None)
    price = account.get("price", pricing["price"], "pricing[price]") if pricing else item.get("_price")
    if price is None:
        raise invalid("The quantity of an invoice item without a price cannot be changed.", "quantity")
    return _by_price(item, price, quantity)


def _open(account: Account, id: str) -> Object:
    item = account.get("invoiceitem", id)
    if item["invoice"] and account.get("invoice", item["invoice"])["status"] != "draft":
        raise invalid(
            "This invoice item is attached to an invoice that is no longer a draft, so it cannot be changed.",
            code="invoice_not_editable",
        )
    return item


@operation("DELETE /v1/invoiceitems/{invoiceitem}")
def delete(account: Account, params: Params, id: str) -> Object:
    item = _open(account, id)
    if item["invoice"]:
        lines.take_out(account, item)
    emit(account, "invoiceitem.deleted", item)
    return account.delete(item)
