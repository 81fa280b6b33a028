"""Coupons, promotion codes, and the discounts that they become."""

from __future__ import annotations

from ondemand.standins.stripe.account import DUE, INCLUDED, Account, random_text
from ondemand.standins.stripe.catalogue import amount_of
from ondemand.standins.stripe.core import assign, changed, operation, resource
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.periods import later
from ondemand.standins.stripe.shapes import Object, part

resource("coupon", "/v1/coupons")
resource(
    "promotion_code", "/v1/promotion_codes", "active code customer",
    coupon=lambda code, id: code["promotion"]["coupon"] == id,
)  # fmt: skip
DUE["coupon"] = lambda coupon: coupon["redeem_by"] if coupon.get("valid") else None
INCLUDED["coupon", "applies_to"] = lambda account, coupon: coupon.get("_applies_to")


@operation("POST /v1/coupons")
def create(account: Account, params: Params) -> Object:
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if (percent is None) == (amount is None):
        raise invalid("You must pass either `percent_off` or `amount_off`.", "percent_off")
    if percent is not None and not 0 < percent <= 100:
        raise invalid("Invalid percent_off: must be greater than 0 and at most 100.", "percent_off")
    if amount is not None and "currency" not in params:
        raise invalid("You must pass `currency` when passing `amount_off`", "currency", "parameter_missing")
    duration = params.get("duration", "once")
    if (duration == "repeating") != ("duration_in_months" in params):
        raise invalid("duration_in_months belongs to the duration `repeating`.", "duration_in_months")
    id = params.get("id") or random_text(8)
    if account.find_id(["coupon"], id):
        raise invalid("Coupon already exists.", "id", "resource_already_exists")
    made = account.new("coupon", id=id, duration=duration, valid=True, times_redeemed=0, metadata={})
    fields = "percent_off amount_off currency duration_in_months name metadata max_redemptions redeem_by"
    made["_applies_to"] = params.plain("applies_to")
    emit(account, "coupon.created", account.save(assign(made, params, fields)))
    return made


@operation("POST /v1/coupons/{coupon}")
def update(account: Account, params: Params, id: str) -> Object:
    before = account.get("coupon", id)
    after = assign(dict(before), params, "name metadata")
    emit(account, "coupon.updated", account.save(after), changed(before, after))
    return after


@operation("DELETE /v1/coupons/{coupon}")
def delete(account: Account, params: Params, id: str) -> Object:
    coupon = account.get("coupon", id)
    emit(account, "coupon.deleted", coupon)
    return account.delete(coupon)


@operation("POST /v1/promotion_codes")
def create_code(account: Account, params: Params) -> Object:
    promotion = params["promotion"]
    promotion["type"]
    coupon = account.get("coupon", promotion.need("coupon"), "promotion[coupon]")
    code = params.get("code") or random_text(8).upper()
    if any(each["code"].lower() == code.lower() for each in account.find("promotion_code", active=True)):
        raise invalid("An active promotion code with this code already exists.", "code", "resource_already_exists")
    if "customer" in params:
        account.get("customer", params["customer"], "customer")
    made = account.new(
        "promotion_code", active=True, code=code, times_redeemed=0, metadata={},
        promotion={"type": "coupon", "coupon": coupon["id"]}, restrictions=part("promotion_code", "restrictions"),
    )  # fmt: skip
    made["restrictions"] |= params.plain("restrictions") or {}
    assign(made, params, "active customer expires_at max_redemptions metadata")
    emit(account, "promotion_code.created", account.save(made))
    return made


@operation("POST /v1/promotion_codes/{promotion_code}")
def update_code(account: Account, params: Params, id: str) -> Object:
    before = account.get("promotion_code", id)
    after = assign(dict(before), params, "active metadata")
    emit(account, "promotion_code.updated", account.save(after), changed(before, after))
    return after


def usable(account: Account, code: str) -> Object | None:
    """The promotion code that a customer typed, if it can be used now."""
    found = next((c for c in account.find("promotion_code", active=True) if c["code"].lower() == code.lower()), None)
    if not found or found["expires_at"] and found["expires_at"] <= account.now():
        return None
    used_up = found["max_redemptions"] is not None and found["times_redeemed"] >= found["max_redemptions"]
    return None if used_up else found


def apply(account: Account, obj: Object, params: Params) -> None:
    """Set the discounts of a subscription, an invoice, or an item of one."""
    made = [_discount(account, obj, given, n) for n, given in enumerate(params.get("discounts") or [])]
    obj["_discounts"] = made
    obj["discounts"] = [each["id"] for each in made]


def _discount(account: Account, obj: Object, given: Params, n: int) -> Object:
    if "discount" in given:  # one that is there already stays
        return account.get("discount", given["discount"], f"discounts[{n}][discount]")
    code = None
    if "promotion_code" in given:
        code = account.get("promotion_code", given["promotion_code"], f"discounts[{n}][promotion_code]")
        _check_code(account, code, obj)
        account.save(code | {"times_redeemed": code["times_redeemed"] + 1})
    coupon_id = code["promotion"]["coupon"] if code else given.need("coupon")
    coupon = account.get("coupon", coupon_id, f"discounts[{n}][coupon]")
    return redeem(account, obj, coupon, code)


def _end(start: int, coupon: Object) -> int | None:
    months = {"recurring": {"interval": "month", "interval_count": coupon["duration_in_months"] or 0}}
    return later(start, months, start) if coupon["duration"] == "repeating" else None


def _check_code(account: Account, code: Object, obj: Object) -> None:
    if not code["active"] or not usable(account, code["code"]):
        raise invalid(f"The promotion code {code['code']} is inactive, expired or used up.", "discounts",
                      "promotion_code_expired")  # fmt: skip
    _check_minimum(code, obj)
    customer = obj.get("customer")
    if code["customer"] not in (None, customer):
        raise invalid("This promotion code belongs to another customer.", "discounts",
                      "customer_does_not_match_promotion_code")  # fmt: skip
    if code["restrictions"]["first_time_transaction"] and account.first("charge", customer=customer, paid=True):
        raise invalid("This promotion code cannot be redeemed because the associated customer has prior transactions.",
                      "discounts")  # fmt: skip


def _check_minimum(code: Object, obj: Object) -> None:
    """Of a subscription's prices, or of an invoice's lines."""
    least = code["restrictions"]["minimum_amount"]
    if not least or obj["object"] not in ("subscription", "invoice"):
        return
    items = obj["items"]["data"] if obj["object"] == "subscription" else []
    total = sum(amount_of(item["price"], item["quantity"]) for item in items) or obj.get("subtotal", 0)
    if total < least or obj["currency"] != code["restrictions"]["minimum_amount_currency"]:
        raise invalid("This promotion code cannot be redeemed because the order is below its minimum amount.",
                      "discounts")  # fmt: skip


def is_valid(account: Account, coupon: Object) -> bool:
    """A coupon is over after its date, and after its last redemption."""
    over = coupon["redeem_by"] is not None and coupon["redeem_by"] <= account.now()
    return not over and (coupon["max_redemptions"] is None or coupon["times_redeemed"] < coupon["max_redemptions"])


def lapse(account: Account, coupon: Object) -> None:
    account.save(coupon | {"valid": False})


def redeem(account: Account, obj: Object, coupon: Object, code: Object | None) -> Object:
    if not is_valid(account, coupon):
        raise invalid(f"Coupon expired: {coupon['id']}", "discounts", "coupon_expired")
    used = coupon | {"times_redeemed": coupon["times_redeemed"] + 1}
    account.save(used | {"valid": is_valid(account, used)})
    return account.new(
        "discount", customer=obj.get("customer"), source={"type": "coupon", "coupon": coupon["id"]},
        promotion_code=code["id"] if code else None, start=account.now(), end=_end(account.now(), coupon),
        _coupon=coupon,
        subscription=obj["id"] if obj["object"] == "subscription" else None,
        subscription_item=obj["id"] if obj["object"] == "subscription_item" else None,
        invoice=obj["id"] if obj["object"] == "invoice" else None,
        invoice_item=obj["id"] if obj["object"] == "invoiceitem" else None,
    )  # fmt: skip
