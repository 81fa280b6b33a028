"""Full objects: what the library's class says, null where it says Optional; and expand[], along the same classes."""

from __future__ import annotations

import inspect
import json
from decimal import Decimal
from functools import cache
from typing import Any, get_origin

from stripe._list_object import ListObject
from stripe._stripe_object import StripeObject, UntypedStripeObject

from ondemand.standins.stripe import library
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.store import BURIED

Object = dict[str, Any]

# The library writes Optional both for "null" and for "not there". These are the ones that are not there unless set,
# and those that it keeps for older versions (product.type, subscription_item.plan).
ABSENT = {
    "product": "type",
    "price": "currency_options tiers",
    "customer": "tax_ids business_name individual_name subscriptions invoice_credit_balance sources tax",
    "payment_method": "radar_options",
    "subscription": "presentment_details automatic_tax.liability.account invoice_settings.issuer.account "
    "billing_mode.updated_at billing_mode.flexible.proration_discounts",
    "subscription_item": "plan billed_until quantity",
    "invoiceitem": "proration_details net_amount frozen_fields",
    "invoice": "threshold_reason payments automatic_tax.liability.account issuer.account",
    "line_item": "pricing.price_details",
    "payment_intent": "payment_details amount_details hooks presentment_details source",
    "setup_intent": "attach_to_self",
    "charge": "payment_method_details.card.three_d_secure.exemption_indicator_applied transfer "
    "presentment_details radar_options level3 authorization_code source",
    "refund": "failure_reason description instructions_email failure_balance_transaction next_action "
    "presentment_details pending_reason destination_details",
    "dispute": "network_reason_code payment_method_details evidence.enhanced_evidence",
    "credit_note_line_item": "invoice_line_item",
    "coupon": "applies_to currency_options",
    "promotion_code": "restrictions.currency_options",
    "event": "context account reason",
    "webhook_endpoint": "secret",
    "balance": "connect_reserved instant_available issuing refund_and_dispute_prefunding",
    "transfer": "destination_payment source_type",
    "account": "company individual groups business_profile.monthly_estimated_revenue settings.bacs_debit_payments "
    "settings.card_issuing settings.card_payments.decline_on settings.invoices settings.sepa_debit_payments "
    "settings.treasury settings.payments.statement_descriptor_prefix_kana "
    "settings.payments.statement_descriptor_prefix_kanji",
    "test_helpers.test_clock": "status_details.advancing",
    "item": "discounts taxes",
    "token": "card bank_account",
    "card": "account description iin issuer networks allow_redisplay",
    "checkout.session": "branding_settings excluded_payment_method_types line_items name_collection "
    "phone_number_collection presentment_details redirect_on_completion return_url tax_id_collection "
    "automatic_tax.liability.account total_details.breakdown",
}


@cache
def _blank(kind: str) -> str:
    absent = frozenset({"deleted", *ABSENT.get(kind, "").split()})
    fields = library.fields(library.object_class(kind))
    variants = set(library.choices(fields["type"].types)) if kind == "payment_method" else set()
    return json.dumps(_fill({n: f for n, f in fields.items() if n not in variants}, "", absent))


def _fill(fields: dict[str, library.Field], at: str, absent: frozenset[str]) -> Object:
    return {
        n: _default(f.types, f"{at}{n}.", absent) if f.required else None
        for n, f in fields.items()
        if at + n not in absent
    }


def blank(kind: str) -> Object:
    shape: Object = json.loads(_blank(kind))
    return shape


def part(kind: str, path: str) -> Object:
    """A nested object that is null until it is needed: part("customer", "address")."""
    types: tuple[Any, ...] = (library.object_class(kind),)
    for name in path.split("."):
        types = library.fields(types[0])[name].types
    nested: Object = _default(types, f"{path}.", frozenset(ABSENT.get(kind, "").split()))
    return nested


def _default(types: tuple[Any, ...], at: str, absent: frozenset[str]) -> Any:
    if any(library.choices(types)):
        return library.choices(types)[0]
    tp = types[0]
    origin = get_origin(tp) or tp
    if origin is ListObject:
        return {"object": "list", "data": [], "has_more": False, "url": ""}
    if origin in (dict, UntypedStripeObject):
        return {}
    if inspect.isclass(tp) and issubclass(tp, StripeObject):
        return _fill(library.fields(origin), at, absent)
    return {bool: False, int: 0, float: 0.0, Decimal: "0", str: "", list: []}[origin]


def expand(account: Any, value: Any, path: list[str], types: tuple[Any, ...], spelt: str) -> Any:
    """Replace the ids along a path (data.customer, latest_invoice.payments) with the objects themselves."""
    if isinstance(value, list):
        return [expand(account, v, path, library.element(types[0]), spelt) for v in value]
    if value is None or not path:
        return value
    name, *rest = path
    cls = next((get_origin(t) or t for t in types if hasattr(get_origin(t) or t, "__annotations__")), None)
    known = library.fields(cls) if cls else {}
    if isinstance(value, dict) and value.get("object") == "list" and name == "data":
        inner = library.element(next(t for t in types if get_origin(t) is ListObject))
        return value | {"data": [expand(account, v, rest, inner, spelt) for v in value["data"]]}
    if name not in known:
        raise invalid(f"This property cannot be expanded ({spelt}).", "expand")
    inner, types = value.get(name), known[name].types
    if isinstance(inner, list):
        types = library.element(types[0])
    targets = [t.OBJECT_NAME for t in types if hasattr(t, "OBJECT_NAME") and str in types]
    if inner is None and account.can_include(value, name) and account.included(value, name) is None:
        return value
    if inner is None and (included := account.included(value, name)):
        inner = included
    elif targets and isinstance(inner, str | list):
        inner = _found(account, targets, inner)
    elif not rest and not targets:
        raise invalid(f"This property cannot be expanded ({spelt}).", "expand")
    return value | {name: expand(account, inner, rest, known[name].types, spelt)}


def _found(account: Any, kinds: list[str], id: Any) -> Any:
    """The objects in place of their ids; one that is gone stays an id."""
    if isinstance(id, list):
        return [_found(account, kinds, each) for each in id]
    if not isinstance(id, str):
        return id
    return account.render(account.find_id(kinds, id) or account.find_id([BURIED + kind for kind in kinds], id)) or id
