"""Checkout sessions."""

from __future__ import annotations

from ondemand.standins.stripe.account import DUE, INCLUDED, Account
from ondemand.standins.stripe.billing import rounded_share
from ondemand.standins.stripe.catalogue import amount_of, is_usable, settle_inline
from ondemand.standins.stripe.core import assign, operation, page, resource
from ondemand.standins.stripe.discounts import apply as apply_discounts
from ondemand.standins.stripe.errors import invalid, missing, not_done
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.periods import earlier, later
from ondemand.standins.stripe.shapes import Object, part
from ondemand.standins.stripe.totals import discounted

DAY, HALF_HOUR = 86400, 1800
FIELDS = (
    "metadata client_reference_id success_url cancel_url locale billing_address_collection allow_promotion_codes "
    "customer_email submit_type"
)

resource("checkout.session", "/v1/checkout/sessions", "customer subscription payment_intent status")
INCLUDED["checkout.session", "line_items"] = lambda account, session: line_items(account, Params({}), session["id"])
DUE["checkout.session"] = lambda session: session["expires_at"] if session["status"] == "open" else None


@operation("POST /v1/checkout/sessions")
def create(account: Account, params: Params) -> Object:
    mode = params.get("mode")
    if mode not in ("subscription", "payment"):
        raise not_done(f"mode={mode}") if mode == "setup" else missing("mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_done("a ui_mode other than hosted_page")
    params.need("success_url")
    made = account.new(
        "checkout.session", mode=mode, status="open", payment_status="unpaid", metadata={}, ui_mode="hosted_page",
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}, custom_fields=[],
        custom_text=part("checkout.session", "custom_text"), payment_method_types=["card"],
        payment_method_options={}, payment_method_collection="always" if mode == "subscription" else "if_required",
        customer=params.get("customer"), discounts=[], **_switches(params),
    )  # fmt: skip
    made["_lines"] = [line(account, mode, given, n) for n, given in enumerate(params.need("line_items"))]
    _check(account, made, params)
    _behaviour(account, assign(made, params, FIELDS), params)
    if "discounts" in params:
        apply_discounts(account, made, params)
        made["discounts"] = [{"coupon": d["_coupon"]["id"], "promotion_code": d["promotion_code"]}
                             for d in made["_discounts"]]  # fmt: skip
    made["url"] = f"{account.store.base}/c/pay/{made['id']}"
    return account.save(retotal(made, account.now()))


def _switches(params: Params) -> Object:
    """What is on or off: each shows on the session."""
    tax, own = params.plain("automatic_tax") or {"enabled": False}, {"type": "self"}
    ids = params.plain("tax_id_collection")
    adaptive = params.plain("adaptive_pricing") or {}
    if adaptive.get("enabled"):
        raise not_done("adaptive pricing")
    shown: Object = {
        "automatic_tax": {"enabled": tax["enabled"], "liability": own if tax["enabled"] else None, "provider": None,
                          "status": "requires_location_inputs" if tax["enabled"] else None},
        "adaptive_pricing": {"enabled": False},
        "consent_collection": params.plain("consent_collection"),
    }  # fmt: skip
    if shown["consent_collection"]:
        names = ("payment_method_reuse_agreement", "promotions", "terms_of_service")
        shown["consent_collection"] = dict.fromkeys(names) | shown["consent_collection"]
    if ids:
        shown["tax_id_collection"] = {"required": "never"} | ids
    shown["phone_number_collection"] = params.plain("phone_number_collection") or {"enabled": False}
    if shown["phone_number_collection"]["enabled"]:
        raise not_done("phone_number_collection")
    return shown


def _check(account: Account, session: Object, params: Params) -> None:
    lines, update = session["_lines"], params.plain("customer_update") or {}
    if len({each["currency"] for each in lines}) > 1:
        raise invalid("All line items must have the same currency.", "line_items")
    if session["mode"] == "subscription" and not any(each["price"]["type"] == "recurring" for each in lines):
        raise invalid("You must provide at least one recurring price in `subscription` mode.", "line_items")
    if update and not session["customer"]:
        raise invalid("`customer_update` can only be used with `customer`.", "customer_update")
    session["_update"] = update
    if session["customer"]:
        if "customer_email" in params:
            raise invalid("You may only specify one of these parameters: customer, customer_email.", "customer_email")
        _check_customer(account.get("customer", session["customer"], "customer"), session, update)
    if set(params.get("payment_method_types") or ["card"]) != {"card"}:
        raise not_done("payment methods other than cards")


def _check_customer(customer: Object, session: Object, update: Object) -> None:
    if session["automatic_tax"]["enabled"] and update.get("address") != "auto" and not customer["address"]:
        raise invalid(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to "
            "the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' "
            "to save the address entered in Checkout to the Customer.",
            "automatic_tax", "customer_tax_location_invalid",
        )  # fmt: skip
    if (session.get("tax_id_collection") or {}).get("enabled") and update.get("name") != "auto":
        raise invalid(
            "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an "
            "existing customer, please set `customer_update[name]` to `auto`.",
            "tax_id_collection",
        )


def _behaviour(account: Account, session: Object, params: Params) -> None:
    now = account.now()
    expires = params.get("expires_at", now + DAY)
    if not now + HALF_HOUR <= expires <= now + DAY:
        raise invalid("The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout "
                      "Session creation.", "expires_at")  # fmt: skip
    session["expires_at"] = expires
    if session["mode"] == "payment":
        if "subscription_data" in params:
            raise invalid("You can not pass `subscription_data` in `payment` mode.", "subscription_data")
        session["customer_creation"] = None if session["customer"] else params.get("customer_creation", "if_required")
        session["_intent"] = params.plain("payment_intent_data") or {}
        if set(session["_intent"]) - {"metadata", "description", "transfer_group", "setup_future_usage"}:
            raise not_done("this payment_intent_data")
        return
    session["_subscription"] = _subscription(session, params.get("subscription_data") or Params({}), now)
    session["payment_method_collection"] = params.get("payment_method_collection", "always")


KNOWN = set(
    "metadata billing_mode billing_cycle_anchor proration_behavior description invoice_settings trial_period_days "
    "trial_end trial_settings".split()
)


def _subscription(session: Object, data: Params, now: int) -> Object:
    for name in ("description", "proration_behavior"):
        data.get(name)
    anchor = data.get("billing_cycle_anchor")
    recurring = [each["price"] for each in session["_lines"] if each["price"]["type"] == "recurring"]
    if anchor is not None:
        if anchor <= now:
            raise invalid("`billing_cycle_anchor` must be a timestamp in the future.",
                          "subscription_data[billing_cycle_anchor]")  # fmt: skip
        natural = min(later(now, price, now) for price in recurring)
        if anchor > natural:
            raise invalid(
                f"`billing_cycle_anchor` cannot be later than next natural billing date ({natural}) for plan",
                "subscription_data[billing_cycle_anchor]",
            )
    elif "proration_behavior" in data:
        raise invalid("`proration_behavior` requires `billing_cycle_anchor`.", "subscription_data[proration_behavior]")
    if unknown := sorted(set(data) - KNOWN):
        raise not_done(f"subscription_data[{unknown[0]}]")
    plain: Object = Params({"data": data}).plain("data")
    return plain


def line(account: Account, mode: str, given: Params, n: int) -> Object:
    settle_inline(account, given)
    price = account.get("price", given.need("price"), f"line_items[{n}][price]")
    if "quantity" not in given:
        raise invalid(f"Quantity is required. Add `quantity` to `line_items[{n}]`", f"line_items[{n}][quantity]",
                      "parameter_missing")  # fmt: skip
    quantity = given["quantity"]
    if quantity < 1:
        raise invalid("This value must be greater than or equal to 1.", f"line_items[{n}][quantity]",
                      "parameter_invalid_integer")  # fmt: skip
    if mode == "payment" and price["type"] == "recurring":
        raise invalid(
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use "
            "only one-time prices.", "mode",
        )  # fmt: skip
    if not is_usable(price):
        raise invalid(f"The price specified is inactive. This field only accepts active prices: {price['id']}",
                      f"line_items[{n}][price]")  # fmt: skip
    amount = amount_of(price, quantity)
    return account.new(
        "item", save=False, price={k: v for k, v in price.items() if not k.startswith("_")}, quantity=quantity,
        currency=price["currency"], amount_total=amount, amount_subtotal=amount, amount_discount=0, amount_tax=0,
        description=account.get("product", price["product"])["name"], metadata={}, adjustable_quantity=None,
    )  # fmt: skip


def retotal(session: Object, now: int) -> Object:
    """The totals of the lines for who pays now: a first period cut short by its anchor, less the discount."""
    for each in session["_lines"]:
        each["amount_subtotal"] = each["amount_total"] = _for_now(session, each, now)
    subtotal = sum(each["amount_subtotal"] for each in session["_lines"])
    off = discounted(subtotal, [d["_coupon"] for d in session.get("_discounts", [])])
    return session | {
        "amount_subtotal": subtotal, "amount_total": subtotal - off, "currency": session["_lines"][0]["currency"],
        "total_details": session["total_details"] | {"amount_discount": off},
    }  # fmt: skip


def _for_now(session: Object, line: Object, now: int) -> int:
    price, data = line["price"], session.get("_subscription") or {}
    amount, anchor = amount_of(price, line["quantity"]), data.get("billing_cycle_anchor")
    if price["type"] == "recurring" and (data.get("trial_period_days") or data.get("trial_end")):
        return 0
    if not anchor or price["type"] != "recurring":
        return amount
    if data.get("proration_behavior") == "none":
        return 0
    return rounded_share(amount, max(anchor - now, 0), anchor - earlier(anchor, price, anchor))


@operation("POST /v1/checkout/sessions/{session}")
def update(account: Account, params: Params, id: str) -> Object:
    return account.save(assign(account.get("checkout.session", id), params, "metadata"))


@operation("GET /v1/checkout/sessions/{session}/line_items")
def line_items(account: Account, params: Params, id: str) -> Object:
    return page(account.get("checkout.session", id)["_lines"], f"/v1/checkout/sessions/{id}/line_items", params)


@operation("POST /v1/checkout/sessions/{session}/expire")
def expire_operation(account: Account, params: Params, id: str) -> Object:
    session = account.get("checkout.session", id)
    if session["status"] != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"{session['status']}."
        )
    return expire(account, session)


def expire(account: Account, session: Object) -> Object:
    session |= {"status": "expired", "url": None, "_pending": None}
    emit(account, "checkout.session.expired", account.save(session))
    return session
