"""Nothing is silently accepted: a parameter is refused, or shows in the answer, or is listed here with its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, get_origin
from urllib.parse import urlencode

import pytest
import typing_extensions

from ondemand.standins.stripe import library
from tests.conftest import in_ci
from tests.standins.stripe_process import Standin
from tests.standins.stripe_shop import Shop

pytestmark = in_ci

Form = dict[str, str]
Base = Callable[[Shop], tuple[str, Form]]
DEEPEST = 3

WITH_ITEMS = "only matters where items change"
ON_SUBSCRIPTION, OF_PAGE = "shows on the subscription, after the page", "is for the hosted page"
UNSEEN = {
    ("POST /v1/prices", "transfer_lookup_key"): "only matters where another price has the key",
    ("POST /v1/payment_methods", "card[cvc]"): "is never shown",
    ("POST /v1/invoices", "pending_invoice_items_behavior"): "nothing is pending here",
    ("POST /v1/invoices/{invoice}/pay", "off_session"): "only matters for 3-D Secure",
    ("POST /v1/invoices/create_preview", "preview_mode"): "next is what is done",
    ("POST /v1/credit_notes", "email_type"): "no mails are sent",
    ("POST /v1/coupons", "applies_to[products][0]"): "shows when it is expanded",
    ("POST /v1/checkout/sessions", "subscription_data[billing_mode][type]"): ON_SUBSCRIPTION,
    ("POST /v1/checkout/sessions", "subscription_data[description]"): ON_SUBSCRIPTION,
    ("POST /v1/checkout/sessions", "subscription_data[metadata][key]"): ON_SUBSCRIPTION,
    ("POST /v1/checkout/sessions", "subscription_data[invoice_settings][issuer]"): ON_SUBSCRIPTION,
    **{
        ("POST /v1/subscriptions", name): why
        for name, why in {
            "off_session": "only matters for 3-D Secure",
            "payment_behavior": "only matters where the payment fails",
            "proration_behavior": "only matters with a later anchor",
            "trial_end": "now is no trial",
        }.items()
    },
    **{
        ("POST /v1/subscriptions/{subscription_exposed_id}", name): why
        for name, why in {
            "off_session": "only matters for 3-D Secure",
            "payment_behavior": "only matters where the payment fails",
            "proration_behavior": WITH_ITEMS,
            "proration_date": WITH_ITEMS,
            "billing_cycle_anchor": "this cycle has just begun",
        }.items()
    },
    ("POST /v1/invoices/create_preview", "subscription_details[proration_behavior]"): WITH_ITEMS,
    ("POST /v1/invoices/create_preview", "subscription_details[proration_date]"): WITH_ITEMS,
    ("POST /v1/account_links", "type"): OF_PAGE,
    ("POST /v1/account_links", "collection_options[fields]"): OF_PAGE,
    ("POST /v1/account_links", "collection_options[future_requirements]"): OF_PAGE,
    ("POST /v1/account_links", "return_url"): OF_PAGE,
    ("POST /v1/account_links", "refresh_url"): OF_PAGE,
    ("POST /v1/webhook_endpoints", "connect"): "says what is delivered",
}


def _new(path: str, **form: str) -> Base:
    return lambda shop: (path, {name.replace("__", "[") + "]" * ("__" in name): v for name, v in form.items()})


def _card(shop: Shop) -> str:
    return shop.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}).id


def _invoice(shop: Shop, *, final: bool = False) -> str:
    owner = shop.customer()
    shop.v1.invoice_items.create({"customer": owner, "amount": 900, "currency": "eur"})
    made = str(shop.v1.invoices.create({"customer": owner, "pending_invoice_items_behavior": "include"}).id)
    if final:
        shop.v1.invoices.finalize_invoice(made)
    return made


def _subscription(shop: Shop) -> str:
    return shop.subscription(shop.customer()).id


def _charge(shop: Shop) -> str:
    pay: Any = {"amount": 900, "currency": "eur", "payment_method": "pm_card_bypassPending", "confirm": True}
    return str(shop.v1.payment_intents.create(pay).latest_charge)


def _partner(shop: Shop) -> str:
    made = shop.v1.accounts.create({"type": "express", "capabilities": {"transfers": {"requested": True}}})
    link: Any = {"account": made.id, "type": "account_onboarding", "return_url": "https://a.example/",
                 "refresh_url": "https://a.example/"}  # fmt: skip
    shop.standin.submit(shop.v1.account_links.create(link).url, iban="ES9121000418450200051332")
    _charge(shop)
    return made.id


def _portal(shop: Shop) -> tuple[str, Form]:
    made = shop.v1.billing_portal.configurations.create({"features": {"invoice_history": {"enabled": True}}}).id
    return "/v1/billing_portal/sessions", {"customer": shop.customer(), "configuration": made}


PAGE = {"success_url": "https://a.example/ok", "cancel_url": "https://a.example/"}
BASES: dict[str, Base] = {
    "POST /v1/products": _new("/v1/products", name="A"),
    "POST /v1/products/{id}": lambda shop: (f"/v1/products/{shop.product}", {}),
    "POST /v1/prices": lambda shop: ("/v1/prices", {"product": shop.product, "currency": "eur", "unit_amount": "5"}),
    "POST /v1/prices/{price}": lambda shop: (f"/v1/prices/{shop.base}", {}),
    "POST /v1/tax_rates": _new("/v1/tax_rates", display_name="A", percentage="5", inclusive="true"),
    "POST /v1/customers": _new("/v1/customers"),
    "POST /v1/customers/{customer}": lambda shop: (f"/v1/customers/{shop.customer()}", {}),
    "POST /v1/payment_methods": _new("/v1/payment_methods", type="card", card__token="tok_visa"),
    "POST /v1/payment_methods/{payment_method}/attach": lambda shop: (
        f"/v1/payment_methods/{_card(shop)}/attach", {"customer": shop.customer(card="")}),
    "POST /v1/payment_intents": _new("/v1/payment_intents", amount="500", currency="eur"),
    "POST /v1/setup_intents": _new("/v1/setup_intents"),
    "POST /v1/charges/{charge}": lambda shop: (f"/v1/charges/{_charge(shop)}", {}),
    "POST /v1/refunds": lambda shop: ("/v1/refunds", {"charge": _charge(shop)}),
    "POST /v1/invoiceitems": lambda shop: (
        "/v1/invoiceitems", {"customer": shop.customer(), "amount": "100", "currency": "eur"}),
    "POST /v1/invoices": lambda shop: ("/v1/invoices", {"customer": shop.customer()}),
    "POST /v1/invoices/{invoice}": lambda shop: (f"/v1/invoices/{_invoice(shop)}", {}),
    "POST /v1/invoices/{invoice}/finalize": lambda shop: (f"/v1/invoices/{_invoice(shop)}/finalize", {}),
    "POST /v1/invoices/{invoice}/pay": lambda shop: (f"/v1/invoices/{_invoice(shop, final=True)}/pay", {}),
    "POST /v1/invoices/{invoice}/void": lambda shop: (f"/v1/invoices/{_invoice(shop, final=True)}/void", {}),
    "POST /v1/invoices/create_preview": lambda shop: (
        "/v1/invoices/create_preview", {"subscription": _subscription(shop)}),
    "POST /v1/credit_notes": lambda shop: (
        "/v1/credit_notes", {"invoice": _invoice(shop, final=True), "amount": "100"}),
    "POST /v1/subscriptions": lambda shop: (
        "/v1/subscriptions", {"customer": shop.customer(), "items[0][price]": shop.base}),
    "POST /v1/subscriptions/{subscription_exposed_id}": lambda shop: (f"/v1/subscriptions/{_subscription(shop)}", {}),
    "POST /v1/coupons": _new("/v1/coupons", percent_off="5"),
    "POST /v1/checkout/sessions": lambda shop: (
        "/v1/checkout/sessions", {"mode": "subscription", "line_items[0][price]": shop.base, **PAGE}),
    "POST /v1/billing_portal/configurations": _new(
        "/v1/billing_portal/configurations", **{"features[invoice_history][enabled]": "true"}),
    "POST /v1/billing_portal/sessions": _portal,
    "POST /v1/accounts": _new("/v1/accounts", type="express"),
    "POST /v1/account_links": lambda shop: ("/v1/account_links", {
        "account": shop.v1.accounts.create({"type": "express"}).id, "type": "account_onboarding",
        "return_url": "https://a.example/", "refresh_url": "https://a.example/"}),
    "POST /v1/transfers": lambda shop: (
        "/v1/transfers", {"amount": "100", "currency": "eur", "destination": _partner(shop)}),
    "POST /v1/topups": _new("/v1/topups", amount="100", currency="eur"),
    "POST /v1/webhook_endpoints": _new(
        "/v1/webhook_endpoints", **{"url": "http://a.example", "enabled_events[0]": "*"}),
}  # fmt: skip


def leaves(cls: type | None, at: str = "", depth: int = 1) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for name, field in (library.fields(cls) if cls else {}).items():
        spelt = f"{at}[{name}]" if at else name
        yield from _leaf(spelt, field.types, depth)


def _leaf(at: str, types: tuple[Any, ...], depth: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    nested = next((each for each in types if typing_extensions.is_typeddict(each)), None)
    listed = next((each for each in types if get_origin(each) is list), None)
    if listed is not None:
        yield from _leaf(f"{at}[0]", library.element(listed), depth)
    elif any(get_origin(each) is dict for each in types):
        yield f"{at}[key]", (str,)
    elif nested is not None and depth < DEEPEST:
        yield from leaves(nested, at, depth + 1)
    elif nested is None:
        yield at, types


def samples(types: tuple[Any, ...]) -> list[str]:
    """Two values where the first may be what is there anyway."""
    chosen = [each for each in library.choices(types) if each]
    if chosen:
        return [chosen[-1], chosen[0]]
    return ["true", "false"] if bool in types else ["23"] if set(types) & {int, float} else ["zebra"]


def plain(body: Any) -> str:
    """An answer without what is new each time."""
    text = json.dumps(body, sort_keys=True)
    new = r'\b[a-z]+(_[a-z]+)*_[A-Za-z0-9]{20,}(_secret_\w+)?|\b1[0-9]{9}\b|"[A-Z0-9]{8}(-[\w-]+)?"|"id": "\w{8}"'
    return re.sub(new, "~", text)


@pytest.mark.parametrize("route", BASES)
def test_every_parameter_is_refused_or_seen(stripe_base: str, route: str) -> None:
    shop, silent = Shop(Standin(stripe_base)), []
    method, place = route.split()
    base = ask(shop, route)
    assert base[0] == 200, base[1]
    unread = set[str]()
    for name, types in leaves(library.operations()[method, place].params):
        if name.split("[")[0] in unread:
            continue
        for value in samples(types):
            status, text = ask(shop, route, {name: value})
            assert status != 500, (name, text)
            if (status, text) != base:
                break
        else:
            silent += [name] * ((route, name) not in UNSEEN)
        if status == 501 and re.search(rf"the parameter {name.split('[')[0]}[ ,]", text):
            unread.add(name.split("[")[0])
    assert silent == []


def ask(shop: Shop, route: str, more: Form | None = None) -> tuple[int, str]:
    path, form = BASES[route](shop)
    status, body, _ = shop.standin.raw(route.split()[0], path, urlencode(form | (more or {})))
    return status, plain(body)
