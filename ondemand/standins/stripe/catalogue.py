"""Products and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import assign, changed, operation, resource
from ondemand.standins.stripe.errors import invalid, not_done
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object

LARGEST = 99_999_999  # eight digits
THREE_YEARS = {"day": 1095, "week": 156, "month": 36, "year": 3}
PRODUCT = "name active description metadata images unit_label url statement_descriptor tax_code shippable"
IN_PRICE = "name active metadata unit_label statement_descriptor tax_code"
PRICE = "active metadata nickname tax_behavior"

resource("product", "/v1/products", "active shippable url", ids=lambda product, ids: product["id"] in ids)
resource(
    "price", "/v1/prices", "product active currency type",
    lookup_keys=lambda price, keys: price["lookup_key"] in keys,
    recurring=lambda price, wanted: all((price["recurring"] or {}).get(n) == wanted[n] for n in wanted),
)  # fmt: skip


@operation("POST /v1/products")
def create_product(account: Account, params: Params) -> Object:
    own_id: Object = {"id": params["id"]} if "id" in params else {}
    if own_id and account.find_id(["product"], own_id["id"]):
        raise invalid("Product already exists.", "id", "resource_already_exists")
    made = assign(_new_product(account, **own_id), params, PRODUCT)
    if features := params.plain("marketing_features"):
        made["marketing_features"] = features
    if data := params.get("default_price_data"):
        made["default_price"] = new_price(account, data, made["id"])["id"]
    emit(account, "product.created", account.save(made))
    return made


def _new_product(account: Account, **own_id: Any) -> Object:
    return account.new("product", active=True, updated=account.now(), metadata={}, **own_id)


@operation("POST /v1/products/{id}")
def update_product(account: Account, params: Params, id: str) -> Object:
    before = account.get("product", id)
    after = assign(dict(before), params, PRODUCT + " default_price") | {"updated": account.now()}
    if after["default_price"]:
        account.get("price", after["default_price"], "default_price")
    if "marketing_features" in params:
        after["marketing_features"] = params.plain("marketing_features") or []
    emit(account, "product.updated", account.save(after), changed(before, after))
    return after


@operation("DELETE /v1/products/{id}")
def delete_product(account: Account, params: Params, id: str) -> Object:
    product = account.get("product", id)
    if account.first("price", product=id):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    emit(account, "product.deleted", product)
    return account.delete(product)


@operation("POST /v1/prices")
def create_price(account: Account, params: Params) -> Object:
    if "product_data" in params:
        product = _new_product(
            account, **({"id": params["product_data"]["id"]} if "id" in params["product_data"] else {})
        )
        emit(account, "product.created", account.save(assign(product, params["product_data"], IN_PRICE)))
    else:
        product = account.get("product", params.need("product"), "product")
    return new_price(account, params, product["id"])


def new_price(account: Account, params: Params, product: str) -> Object:
    if params.get("billing_scheme", "per_unit") != "per_unit":
        raise not_done("prices in tiers")
    if (params.plain("recurring") or {}).get("usage_type") == "metered":
        raise not_done("metered prices")
    amount = _unit_amount(params)
    kind = "recurring" if "recurring" in params else "one_time"
    made = account.new(
        "price", active=True, product=product, currency=params["currency"].lower(), tax_behavior="unspecified",
        unit_amount=int(amount) if amount == int(amount) else None, unit_amount_decimal=_plain(amount), type=kind,
        billing_scheme="per_unit", metadata={},
    )  # fmt: skip
    if recurring := params.plain("recurring"):
        made["recurring"] = {"interval_count": 1, "meter": None, "usage_type": "licensed"} | recurring
        if not 1 <= made["recurring"]["interval_count"] <= THREE_YEARS[recurring["interval"]]:
            raise invalid("The interval must be at most three years.", "recurring[interval_count]")
    _take_key(account, assign(made, params, PRICE), params)
    emit(account, "price.created", account.save(made))
    return made


def settle_inline(account: Account, given: Params) -> None:
    """price_data becomes a price of its own, archived from the start; a product_data in it a product likewise."""
    if "price_data" not in given:
        return
    data = given["price_data"]
    if "product_data" in data:
        product = account.save(assign(_new_product(account), data["product_data"], PRODUCT) | {"active": False})
        emit(account, "product.created", product)
    else:
        product = account.get("product", data.need("product"), "price_data[product]")
    price = new_price(account, data, product["id"])
    account.save(price | {"active": False, "_inline": True})
    given["price"] = price["id"]


def is_usable(price: Object) -> bool:
    return bool(price["active"] or price.get("_inline"))


def _unit_amount(params: Params) -> Decimal:
    given = [params[name] for name in ("unit_amount", "unit_amount_decimal") if name in params]
    if len(given) != 1:
        raise invalid("Prices require exactly one of `unit_amount` and `unit_amount_decimal`.", "unit_amount")
    amount = Decimal(given[0])
    if amount < 0:
        raise invalid("Invalid non-negative integer", "unit_amount", "parameter_invalid_integer")
    if amount > LARGEST:
        raise invalid(f"The amount must be no more than {LARGEST}.", "unit_amount", "amount_too_large")
    return amount


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _take_key(account: Account, price: Object, params: Params) -> None:
    """A lookup key belongs to one price; transfer_lookup_key takes it from the other."""
    transfer = params.get("transfer_lookup_key")
    if "lookup_key" not in params:
        return
    key = params.plain("lookup_key")
    other = account.first("price", lookup_key=key) if key else None
    if other and other["id"] != price["id"]:
        if not transfer:
            raise invalid(
                f"A price (`{other['id']}`) already uses that lookup key.",
                "lookup_key",
                "resource_already_exists",
            )
        account.save(other | {"lookup_key": None})
    price["lookup_key"] = key


@operation("POST /v1/prices/{price}")
def update_price(account: Account, params: Params, id: str) -> Object:
    before = account.get("price", id)
    after = assign(dict(before), params, PRICE)
    if before["tax_behavior"] not in ("unspecified", after["tax_behavior"]):
        raise invalid("Once set to `inclusive` or `exclusive`, `tax_behavior` cannot be changed.", "tax_behavior")
    if not after["active"] and account.first("product", default_price=id):
        raise invalid("This price cannot be archived because it is the default price of its product.", "active")
    _take_key(account, after, params)
    emit(account, "price.updated", account.save(after), changed(before, after))
    return after


def amount_of(price: Object, quantity: int | Decimal) -> int:
    """In minor units, half away from zero."""
    exact = Decimal(price["unit_amount_decimal"]) * quantity
    whole = abs(exact) + Decimal("0.5")
    return int(whole) if exact >= 0 else -int(whole)
