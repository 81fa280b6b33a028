"""What happens when the Checkout form is sent: a card, the customer brought up to date, the subscription or payment."""

from __future__ import annotations

from ondemand.standins.stripe import payment_methods, subscriptions
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.card_form import Refused, Typed, method_of
from ondemand.standins.stripe.cards import BY_NUMBER
from ondemand.standins.stripe.core import changed
from ondemand.standins.stripe.customers import new_customer
from ondemand.standins.stripe.discounts import redeem, usable
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.payment_intents import confirm, new_intent
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.tax_ids import add_tax_id, tax_ids_of

ADDRESS = ("line1", "line2", "city", "state", "postal_code", "country")
TAX_IDS = {"ES": "eu_vat", "US": "us_ein", "GB": "gb_vat", "CH": "ch_vat", "NO": "no_vat"}
EU = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI SE".split()


def needs_confirmation(typed: Typed) -> bool:
    return bool(BY_NUMBER[typed.number].secure)


def address_of(form: dict[str, str], customer: Object | None, *, required: bool) -> Object | None:
    """What was typed over what the customer has; fields that were not sent keep what is there."""
    known = (customer or {}).get("address") or {}
    address = {name: form[name] if name in form else known.get(name) for name in ADDRESS}
    address = {name: value or None for name, value in address.items()}
    if required:
        words = {"line1": "the address", "city": "the city", "country": "the country"}
        for name, what in words.items():
            if not address[name]:
                raise Refused(f"Please enter {what}.")
    if address["country"] and not (len(address["country"]) == 2 and address["country"].isalpha()):
        raise Refused("The country is a code of two letters, like ES or US.")
    return {**address, "country": (address["country"] or "").upper() or None} if any(address.values()) else None


def complete(account: Account, session: Object, typed: Typed, form: dict[str, str], *, authenticated: bool) -> Object:
    customer = _customer(account, session, form)
    required = session["billing_address_collection"] == "required"
    address = address_of(form, customer, required=required)
    _update(account, session, customer, form, address, typed)
    account.authenticated = authenticated
    method = method_of(account, typed, customer["email"], address)
    method = payment_methods.attach(account, account.save(method | {"_authenticated": authenticated}), customer)
    made = _subscribe if session["mode"] == "subscription" else _charge
    session |= made(account, session, customer, method)
    session |= _closed(account, session, customer["id"], address, form)
    emit(account, "checkout.session.completed", account.save(session))
    return session


def declined(account: Account, session: Object, typed: Typed) -> Object:
    """What stays of a card that was declined: a payment intent that wants another one, and the failed charge."""
    if not BY_NUMBER[typed.number].declined or not session["amount_total"]:
        return {}
    method = account.save(method_of(account, typed, session["customer_email"], None))
    intent = new_intent(account, session["amount_total"], session["currency"], session["customer"])
    return confirm(account, intent, method)


def _customer(account: Account, session: Object, form: dict[str, str]) -> Object:
    if session["customer"]:
        return account.get("customer", session["customer"])
    email = form.get("email") or session["customer_email"]
    if not email or "@" not in email:
        raise Refused("Please enter an e-mail address.")
    made = new_customer(account)
    made |= {"email": email, "name": form.get("name") or None}
    emit(account, "customer.created", account.save(made))
    return made


def _update(
    account: Account, session: Object, customer: Object, form: dict[str, str], address: Object | None, typed: Typed
) -> None:
    """customer_update says what the page may write on a customer that was there before."""
    before, may = dict(customer), session["_update"]
    fresh = not session["customer"]
    if address and (fresh or may.get("address") == "auto"):
        customer["address"] = address
    name = form.get("business_name") or typed.name
    if name and (fresh or may.get("name") == "auto"):
        customer["name"] = name
    if number := form.get("tax_id"):
        _tax_id(account, session, customer, number, address)
    if changed(before, customer):
        emit(account, "customer.updated", account.save(customer), changed(before, customer))


def _tax_id(account: Account, session: Object, customer: Object, number: str, address: Object | None) -> None:
    country = (address or {}).get("country") or number[:2].upper()
    kind = "eu_vat" if country in EU else TAX_IDS.get(country, "eu_vat")
    known = [each["value"] for each in tax_ids_of(account, customer["id"])]
    if (session.get("tax_id_collection") or {}).get("enabled") and number not in known:
        try:
            add_tax_id(account, customer, kind, number)
        except Exception as error:
            raise Refused("This tax number is not valid.") from error


def _subscribe(account: Account, session: Object, customer: Object, method: Object) -> Object:
    data = session["_subscription"]
    recurring = [each for each in session["_lines"] if each["price"]["type"] == "recurring"]
    for each in session["_lines"]:
        if each not in recurring:
            _add_once(account, customer, each)
    items = [Params({"price": each["price"]["id"], "quantity": each["quantity"]}) for each in recurring]
    given = {name: _as_params(value) for name, value in data.items() if name != "metadata"}
    if session["automatic_tax"]["enabled"]:
        given["automatic_tax"] = Params({"enabled": True})
    given["discounts"] = [Params({"coupon": d["_coupon"]["id"]}) for d in session.get("_discounts", [])]
    made = subscriptions.create(account, Params({
        "customer": customer["id"], "items": items, "default_payment_method": method["id"],
        "metadata": data.get("metadata") or {}, "payment_behavior": "error_if_incomplete",
    } | given))  # fmt: skip
    return {"subscription": made["id"], "invoice": made["latest_invoice"]}


def _as_params(value: object) -> object:
    return Params({n: _as_params(v) for n, v in value.items()}) if isinstance(value, dict) else value


def _add_once(account: Account, customer: Object, line: Object) -> None:
    from ondemand.standins.stripe import invoice_items

    invoice_items.create(account, Params({
        "customer": customer["id"], "pricing": Params({"price": line["price"]["id"]}), "quantity": line["quantity"],
    }))  # fmt: skip


def _charge(account: Account, session: Object, customer: Object, method: Object) -> Object:
    intent = new_intent(account, session["amount_total"], session["currency"], customer["id"])
    intent |= session["_intent"]
    return {"payment_intent": confirm(account, account.save(intent), method)["id"]}


def _closed(account: Account, session: Object, customer: str, address: Object | None, form: dict[str, str]) -> Object:
    now = account.get("customer", customer)
    details = {
        "address": address or now["address"], "email": now["email"], "name": now["name"], "phone": now["phone"],
        "tax_exempt": now["tax_exempt"], "tax_ids": tax_ids_of(account, customer),
        "business_name": form.get("business_name") or None, "individual_name": None,
    }  # fmt: skip
    wanted = session["consent_collection"] or {}
    consent = {
        "promotions": None, "terms_of_service": "accepted" if wanted.get("terms_of_service") == "required" else None,
    }  # fmt: skip
    total = session["amount_total"]
    tax = session["automatic_tax"] | (
        {"status": "complete", "provider": "stripe"} if session["automatic_tax"]["enabled"] else {}
    )
    if session["invoice"]:
        total = account.get("invoice", session["invoice"])["total"]
    return {
        "status": "complete", "payment_status": "paid" if total else "no_payment_required", "customer": customer,
        "url": None, "customer_details": details, "consent": consent if session["consent_collection"] else None,
        "amount_total": total, "automatic_tax": tax, "_pending": None,
        "collected_information": {"business_name": None, "individual_name": None, "shipping_details": None},
    }  # fmt: skip


def promote(account: Account, session: Object, code: str) -> None:
    """A promotion code typed on the page."""
    found = usable(account, code)
    if not found or not session["allow_promotion_codes"]:
        raise Refused("This code is not valid.")
    if session.get("_discounts"):
        raise Refused("A code has been applied already.")
    coupon = account.get("coupon", found["promotion"]["coupon"])
    account.save(found | {"times_redeemed": found["times_redeemed"] + 1})
    session["_discounts"] = [redeem(account, session, coupon, found)]
