"""Connect: accounts, account links and login links."""

from __future__ import annotations

import hashlib

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import assign, changed, operation, resource
from ondemand.standins.stripe.errors import invalid, not_done
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.external_accounts import bank_of
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object, blank, part

FIELDS = "email metadata business_type"
CURRENCIES = {"US": "usd", "GB": "gbp", "CH": "chf"}
NEEDED = ["business_profile.url", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]
LINK_LIVES = 300
BANKS: Object = {"object": "list", "data": [], "has_more": False, "url": "/v1/accounts/external_accounts"}
CONTROLLERS = {
    "express": ("application_express", "application", "express"),
    "custom": ("application_custom", "application", "none"),
}

resource("account", "/v1/accounts")


@operation("POST /v1/accounts")
def create(account: Account, params: Params) -> Object:
    country = params.get("country", "US")
    made = account.new(
        "account", country=country, default_currency=CURRENCIES.get(country, "eur"), metadata={},
        charges_enabled=False, payouts_enabled=False, details_submitted=False, type=_type(params),
        controller=_controller(params), capabilities={}, settings=_settings(),
        requirements=_requirements(NEEDED), future_requirements=_requirements([]),
        tos_acceptance={"date": None, "ip": None, "user_agent": None},
        external_accounts=dict(BANKS, data=[]),
        business_profile=part("account", "business_profile"),
    )  # fmt: skip
    made["external_accounts"]["url"] = f"/v1/accounts/{made['id']}/external_accounts"
    _change(account, assign(made, params, FIELDS), params)
    emit(account.inside(made["id"]), "account.updated", account.save(made))
    return made


def _settings() -> Object:
    payouts = {
        "debit_negative_balances": True, "statement_descriptor": None,
        "schedule": {"delay_days": 7, "interval": "daily"},
    }  # fmt: skip
    return part("account", "settings") | {"payouts": payouts}


def _type(params: Params) -> str:
    kind = params.get("type")
    if kind and "controller" in params:
        raise invalid("You may not provide the `type` parameter and `controller` parameters simultaneously.", "type")
    controller = params.plain("controller") or {}
    dashboard = (controller.get("stripe_dashboard") or {}).get("type", "full")
    return str(kind or {"express": "express", "full": "standard", "none": "none"}[dashboard])


def _controller(params: Params) -> Object:
    given = params.plain("controller") or {}
    payer, losses, who = CONTROLLERS.get(params.get("type"), ("account", "stripe", "full"))
    collects = "application" if params.get("type") == "custom" else "stripe"
    return {
        "type": "application", "is_controller": True,
        "fees": given.get("fees") or {"payer": payer}, "losses": given.get("losses") or {"payments": losses},
        "requirement_collection": given.get("requirement_collection", collects),
        "stripe_dashboard": given.get("stripe_dashboard") or {"type": who},
    }  # fmt: skip


def _requirements(due: list[str]) -> Object:
    return {
        "alternatives": [], "current_deadline": None, "currently_due": due, "disabled_reason":
        "requirements.past_due" if due else None, "errors": [], "eventually_due": due, "past_due": due,
        "pending_verification": [],
    }  # fmt: skip


def activate(connected: Object) -> None:
    """All that was asked for has been given."""
    connected |= {
        "details_submitted": True, "payouts_enabled": True, "charges_enabled": "card_payments" in
        connected["capabilities"], "requirements": _requirements([]),
        "capabilities": dict.fromkeys(connected["capabilities"], "active"),
    }  # fmt: skip


def _change(account: Account, connected: Object, params: Params) -> None:
    for name, wanted in (params.plain("capabilities") or {}).items():
        if name not in ("transfers", "card_payments"):
            raise not_done(f"the capability {name}")
        on = "active" if connected["details_submitted"] else "inactive"
        connected["capabilities"][name] = on if wanted["requested"] else "inactive"
    if "business_profile" in params:
        connected["business_profile"] |= params.plain("business_profile")
    for name, given in (params.plain("settings") or {}).items():
        if name != "payouts" or set(given) - {"schedule"}:
            raise not_done(f"the setting {name}")
    _take_details(account, connected, params)
    schedule = (((params.plain("settings") or {}).get("payouts") or {}).get("schedule")) or {}
    connected["settings"]["payouts"]["schedule"] |= {
        k: v for k, v in schedule.items() if k != "delay_days" or v != "minimum"
    }


def _take_details(account: Account, connected: Object, params: Params) -> None:
    """What a platform tells of an account whose requirements it collects itself."""
    own = connected["controller"]["requirement_collection"] == "application"
    if "tos_acceptance" in params:
        connected["tos_acceptance"] |= params.plain("tos_acceptance")
    if "external_account" in params:
        connected["external_accounts"]["data"] = [bank_of(account, connected, params)]
    if not own or connected["details_submitted"]:
        return
    given = {
        "business_profile.url": connected["business_profile"].get("url"),
        "external_account": connected["external_accounts"]["data"],
        "tos_acceptance.date": connected["tos_acceptance"]["date"], "tos_acceptance.ip":
        connected["tos_acceptance"]["ip"],
    }  # fmt: skip
    left = [name for name in NEEDED if not given[name]]
    connected["requirements"] = _requirements(left)
    if not left:
        activate(connected)


@operation("GET /v1/account")
def own(account: Account, params: Params) -> Object:
    """The account of the key, or the one that Stripe-Account names."""
    if account.connected:
        return Account(account.store, account.root).get("account", account.connected)
    id = "acct_" + hashlib.sha256(account.root.encode()).hexdigest()[:16]
    return blank("account") | {
        "id": id, "country": "US", "default_currency": "usd", "email": "platform@example.com", "type": "standard",
        "charges_enabled": True, "payouts_enabled": True, "details_submitted": True, "capabilities": {},
        "created": account.now(), "controller": {"type": "account"}, "settings": _settings(),
        "external_accounts": BANKS,
        "business_profile": part("account", "business_profile"), "requirements": _requirements([]), "metadata": {},
        "future_requirements": _requirements([]), "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
    }  # fmt: skip


@operation("POST /v1/accounts/{account}/reject")
def reject(account: Account, params: Params, id: str) -> Object:
    connected = account.get("account", id)
    before = dict(connected)
    reason = "rejected." + {"fraud": "fraud", "terms_of_service": "terms_of_service"}.get(params["reason"], "other")
    connected |= {
        "charges_enabled": False, "payouts_enabled": False, "requirements": _requirements([]) | {
            "disabled_reason": reason}, "capabilities": dict.fromkeys(connected["capabilities"], "inactive"),
    }  # fmt: skip
    emit(account.inside(connected["id"]), "account.updated", account.save(connected), changed(before, connected))
    return connected


@operation("POST /v1/accounts/{account}")
def update(account: Account, params: Params, id: str) -> Object:
    before = account.get("account", id)
    after = account.get("account", id)
    _change(account, assign(after, params, FIELDS), params)
    emit(account.inside(after["id"]), "account.updated", account.save(after), changed(before, after))
    return after


@operation("DELETE /v1/accounts/{account}")
def delete(account: Account, params: Params, id: str) -> Object:
    return account.delete(account.get("account", id))


@operation("POST /v1/account_links")
def create_link(account: Account, params: Params) -> Object:
    connected = account.get("account", params["account"], "account")
    if params["type"] not in ("account_onboarding", "account_update"):
        raise not_done(f"account links of type {params['type']}")
    for name in ("return_url", "refresh_url"):
        params.need(name)
    if set(params.plain("collection_options") or {}) - {"fields", "future_requirements"}:
        raise not_done("collection_options")
    expires = account.now() + LINK_LIVES
    link = account.note("_link", {
        "account": connected["id"], "expires": expires, "return_url": params["return_url"],
        "refresh_url": params["refresh_url"],
    })  # fmt: skip
    url = f"{account.store.base}/setup/{link}"
    return {"object": "account_link", "created": account.now(), "expires_at": expires, "url": url}


@operation("POST /v1/accounts/{account}/login_links")
def login_link(account: Account, params: Params, id: str) -> Object:
    connected = account.get("account", id)
    if connected["type"] != "express" or not connected["details_submitted"]:
        raise invalid("Cannot create a login link for an account that has not completed onboarding.")
    return {"object": "login_link", "created": account.now(), "url": f"{account.store.base}/express/{id}"}
