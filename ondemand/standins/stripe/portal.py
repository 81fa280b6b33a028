"""The billing portal: configurations, sessions, and the hosted page where the card is changed."""

from __future__ import annotations

import json
from html import escape

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.api import transaction
from ondemand.standins.stripe.card_form import Refused, method_of, read
from ondemand.standins.stripe.cards import BY_NUMBER
from ondemand.standins.stripe.core import assign, changed, operation, resource
from ondemand.standins.stripe.errors import invalid, not_done
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.pages import (
    CONFIRM,
    Page,
    Reply,
    alert,
    answer,
    card_fields,
    confirm_box,
    form_of,
    not_found,
)
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.payment_methods import attach
from ondemand.standins.stripe.shapes import Object, part
from ondemand.standins.stripe.store import Store
from ondemand.standins.stripe.words import money

KIND = "billing_portal.configuration"
SESSION_LIVES = 3600
FIELDS = "default_return_url metadata name"

resource(KIND, "/v1/billing_portal/configurations", "active is_default")


def _features(given: Object) -> Object:
    """Full features: off unless they were asked for."""
    blank = part(KIND, "features")
    for name, shape in blank.items():
        blank[name] = shape | (given.get(name) or {}) if shape else shape
    update = blank["subscription_update"]
    update["default_allowed_updates"] = update.get("default_allowed_updates") or []
    return blank


@operation("POST /v1/billing_portal/configurations")
def create_configuration(account: Account, params: Params) -> Object:
    made = account.new(
        KIND, active=True, is_default=False, updated=account.now(), metadata={}, features=_features(
            params.plain("features")), login_page={"enabled": False, "url": None},
        business_profile=part(KIND, "business_profile") | (params.plain("business_profile") or {}),
    )  # fmt: skip
    if (params.plain("login_page") or {}).get("enabled"):
        raise not_done("the portal's login page")
    emit(account, "billing_portal.configuration.created", account.save(assign(made, params, FIELDS)))
    return made


@operation("POST /v1/billing_portal/configurations/{configuration}")
def update_configuration(account: Account, params: Params, id: str) -> Object:
    before = account.get(KIND, id)
    after = assign(dict(before), params, FIELDS + " active") | {"updated": account.now()}
    if "features" in params:
        after["features"] = _features(before["features"] | params.plain("features"))
    if "business_profile" in params:
        after["business_profile"] = before["business_profile"] | params.plain("business_profile")
    emit(account, "billing_portal.configuration.updated", account.save(after), changed(before, after))
    return after


@operation("POST /v1/billing_portal/sessions")
def create_session(account: Account, params: Params) -> Object:
    customer = account.get("customer", params.need("customer"), "customer")
    made = account.new(
        "billing_portal.session", customer=customer["id"], configuration=_configuration(account, params)["id"],
        locale=params.get("locale"), return_url=params.get("return_url"), _expires=account.now() + SESSION_LIVES,
    )  # fmt: skip
    if flow := params.plain("flow_data"):
        made["flow"] = _flow(flow)
    made["url"] = f"{account.store.base}/p/session/{made['id']}"
    emit(account, "billing_portal.session.created", account.save(made))
    return made


def _configuration(account: Account, params: Params) -> Object:
    if id := params.get("configuration"):
        found = account.get(KIND, id, "configuration")
        if not found["active"]:
            raise invalid("This configuration is not active.", "configuration")
        return found
    default = account.first(KIND, is_default=True)
    if not default:
        raise invalid(
            "No configuration provided and your test mode default configuration has not been created. Provide a "
            "configuration or create your default by saving your customer portal settings in test mode."
        )
    return default


def _flow(given: Object) -> Object:
    if given["type"] != "payment_method_update":
        raise not_done(f"the flow {given['type']}")
    finish: Object = {"hosted_confirmation": None, "redirect": None, "type": "portal_homepage"}
    done = given.get("after_completion") or {}
    return {
        "type": given["type"], "subscription_cancel": None, "subscription_update": None,
        "subscription_update_confirm": None, "after_completion": finish | done,
    }  # fmt: skip


def hosted_page(store: Store, method: str, path: str, query: str, body: str) -> Reply:
    id = path.rsplit("/", 1)[1]
    owner = store.owner(id)
    account = Account(store, owner) if owner else None
    session = account.find_id(["billing_portal.session"], id) if account else None
    if account is None or session is None or session["_expires"] < account.now():
        return not_found()
    customer = account.get("customer", session["customer"])
    form = form_of(body)
    if method != "POST":
        return _page(account, session, customer, form, "", "")
    try:
        _save_card(account, customer, form)
    except Refused as refused:
        return _page(account, session, customer, form, str(refused), "")
    finish = (session["flow"] or {}).get("after_completion") or {}
    if finish.get("type") == "redirect":
        return 303, b"", {"Location": finish["redirect"]["return_url"]}
    return _page(account, session, account.get("customer", customer["id"]), {}, "", "The card was saved.")


def _save_card(account: Account, customer: Object, form: dict[str, str]) -> None:
    typed = read(account, form)
    confirmed = form.get("confirmed") == "yes"
    if BY_NUMBER[typed.number].secure and not confirmed:
        raise Refused(CONFIRM)

    def work() -> Object:
        method = method_of(account, typed, customer["email"], customer["address"])
        method["_authenticated"] = confirmed
        attach(account, account.save(method), customer)
        settings = customer["invoice_settings"] | {"default_payment_method": method["id"]}
        after = account.save(customer | {"invoice_settings": settings})
        emit(account, "customer.updated", after, {"invoice_settings": customer["invoice_settings"]})
        return {}

    status, text = transaction(account, work)
    if status != 200:
        raise Refused(str(json.loads(text)["error"]["message"]))


def _page(account: Account, session: Object, customer: Object, form: dict[str, str], wrong: str, done: str) -> Reply:
    back = session["return_url"]
    link = f'<p><a href="{escape(back)}">← Back</a></p>' if back else ""
    said = f'<p role="status">{escape(done)}</p>' if done else ""
    body = (
        f'<div>{link}<h1>Billing</h1><p class="soft">{escape(customer["email"] or customer["name"] or "")}</p>'
        f"<h2>Current card</h2><p>{escape(_card(account, customer))}</p>{_invoices(account, customer)}</div>"
        f'<form method="post" class="card" novalidate>{said}{alert(wrong)}<h1>Change the card</h1>'
        f"{card_fields(form.get('name', ''))}{confirm_box(wrong == CONFIRM)}<button>Save the card</button></form>"
    )
    return answer(Page("Billing", body, 402 if wrong else 200, wide=True))


def _card(account: Account, customer: Object) -> str:
    id = customer["invoice_settings"]["default_payment_method"]
    if not id:
        current = account.first("subscription", customer=customer["id"])
        id = current["default_payment_method"] if current else None
    method = account.find_id(["payment_method"], id) if id else None
    if not method:
        return "None."
    card = method["card"]
    return f"{card['brand'].title()} •••• {card['last4']}, until {card['exp_month']:02}/{card['exp_year']}"


def _invoices(account: Account, customer: Object) -> str:
    found = [i for i in account.find("invoice", customer=customer["id"]) if i["hosted_invoice_url"]][:24]
    rows = "".join(
        f'<tr><th><a href="{escape(i["hosted_invoice_url"])}">{escape(i["number"])}</a></th>'
        f"<td>{escape(i['status'])}</td>"
        f"<td>{escape(money(i['total'], i['currency']))}</td></tr>"
        for i in found
    )
    return f"<h2>Invoices</h2><table>{rows}</table>" if rows else ""
