"""Connect: accounts, account links and the hosted onboarding page."""

from __future__ import annotations

import re
from html import escape

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.api import transaction
from ondemand.standins.stripe.core import assign, changed, operation, resource
from ondemand.standins.stripe.errors import invalid, not_done
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.pages import Page, Reply, alert, answer, field, form_of, not_found, redirect
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object, part
from ondemand.standins.stripe.store import Store

FIELDS = "email metadata business_type"
CURRENCIES = {"US": "usd", "GB": "gbp", "CH": "chf"}
NEEDED = ["business_profile.url", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]
LINK_LIVES = 300

resource("account", "/v1/accounts")


@operation("POST /v1/accounts")
def create(account: Account, params: Params) -> Object:
    country = params.get("country", "US")
    made = account.new(
        "account", country=country, default_currency=CURRENCIES.get(country, "eur"), metadata={},
        charges_enabled=False, payouts_enabled=False, details_submitted=False, type=_type(params),
        controller=_controller(params), capabilities={}, settings=part("account", "settings"),
        requirements=_requirements(NEEDED), future_requirements=_requirements([]),
        tos_acceptance={"date": None, "ip": None, "user_agent": None},
        external_accounts={"object": "list", "data": [], "has_more": False, "url": ""},
        business_profile=part("account", "business_profile"),
    )  # fmt: skip
    made["external_accounts"]["url"] = f"/v1/accounts/{made['id']}/external_accounts"
    made["settings"]["payouts"] = {
        "debit_negative_balances": True, "statement_descriptor": None,
        "schedule": {"delay_days": 7, "interval": "daily"},
    }  # fmt: skip
    _change(account, assign(made, params, FIELDS), params)
    emit(_inside(account, made), "account.updated", account.save(made))
    return made


def _type(params: Params) -> str:
    kind = params.get("type")
    if kind and "controller" in params:
        raise invalid("You may not provide the `type` parameter and `controller` parameters simultaneously.", "type")
    controller = params.plain("controller") or {}
    dashboard = (controller.get("stripe_dashboard") or {}).get("type", "full")
    if kind == "custom" or dashboard == "none":
        raise not_done("custom accounts")
    return str(kind or {"express": "express", "full": "standard"}[dashboard])


def _controller(params: Params) -> Object:
    given = params.plain("controller") or {}
    express = params.get("type") == "express"
    payer, losses, who = ("application_express", "application", "express") if express else ("account", "stripe", "full")
    return {
        "type": "application", "is_controller": True,
        "fees": given.get("fees") or {"payer": payer}, "losses": given.get("losses") or {"payments": losses},
        "requirement_collection": given.get("requirement_collection", "stripe"),
        "stripe_dashboard": given.get("stripe_dashboard") or {"type": who},
    }  # fmt: skip


def _requirements(due: list[str]) -> Object:
    return {
        "alternatives": [], "current_deadline": None, "currently_due": due, "disabled_reason":
        "requirements.past_due" if due else None, "errors": [], "eventually_due": due, "past_due": due,
        "pending_verification": [],
    }  # fmt: skip


def _inside(account: Account, connected: Object) -> Account:
    """Where a connected account's own events happen."""
    inside = Account(account.store, f"{account.root}/{connected['id']}")
    inside.request = account.request
    inside.frozen = account.frozen
    return inside


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
    schedule = (((params.plain("settings") or {}).get("payouts") or {}).get("schedule")) or {}
    connected["settings"]["payouts"]["schedule"] |= {
        k: v for k, v in schedule.items() if k != "delay_days" or v != "minimum"
    }


@operation("POST /v1/accounts/{account}")
def update(account: Account, params: Params, id: str) -> Object:
    before = account.get("account", id)
    after = account.get("account", id)
    _change(account, assign(after, params, FIELDS), params)
    emit(_inside(account, after), "account.updated", account.save(after), changed(before, after))
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


def hosted_page(store: Store, method: str, path: str, query: str, body: str) -> Reply:
    """/setup/<link>: the connected account's owner gives a bank account."""
    id = path.rsplit("/", 1)[1]
    owner = store.owner(id)
    account = Account(store, owner) if owner else None
    link = account.find_id(["_link"], id) if account else None
    if account is None or link is None:
        return not_found()
    if link["expires"] < account.now():
        return redirect(link["refresh_url"])
    connected = account.get("account", link["account"])
    form = form_of(body)
    if method != "POST":
        return _page(connected, form, "")
    number = re.sub(r"\s", "", form.get("iban", "")).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}|\d{6,17}", number):
        return _page(connected, form, "Please enter an IBAN, or an account number of 6 to 17 digits.")
    transaction(account, lambda: onboard(account, connected, number, form.get("holder", "")))
    account.db.execute("UPDATE objects SET body = json_set(body, '$.expires', 0) WHERE id = ?", (id,))  # for one visit
    return redirect(link["return_url"])


def onboard(account: Account, connected: Object, number: str, holder: str) -> Object:
    before = account.get("account", connected["id"])
    bank = account.new(
        "bank_account", save=False, account=connected["id"], account_holder_name=holder or None,
        country=connected["country"], currency=connected["default_currency"], last4=number[-4:], status="new",
        bank_name="STAND-IN BANK", account_holder_type="company", default_for_currency=True, metadata={},
        available_payout_methods=["standard"], fingerprint=f"standin{number[-9:]}",
        requirements=None, future_requirements=None,
    )  # fmt: skip
    connected["external_accounts"] |= {"data": [bank]}
    connected |= {
        "details_submitted": True, "payouts_enabled": True, "charges_enabled": "card_payments" in
        connected["capabilities"], "requirements": _requirements([]),
        "capabilities": dict.fromkeys(connected["capabilities"], "active"),
        "tos_acceptance": {"date": account.now(), "ip": "127.0.0.1", "user_agent": None},
    }  # fmt: skip
    emit(_inside(account, connected), "account.updated", account.save(connected), changed(before, connected))
    return connected


def _page(connected: Object, form: dict[str, str], wrong: str) -> Reply:
    body = (
        f'<form method="post" class="card" novalidate>{alert(wrong)}<h1>Receive payments</h1>'
        f"<p>Account {escape(connected['id'])}, {escape(connected['country'])}. Any well-formed number will do.</p>"
        + field("holder", "Account holder", form.get("holder", ""), autocomplete="organization")
        + field("iban", "IBAN or account number", form.get("iban", ""), autocomplete="off", more="required")
        + "<button>Save and continue</button></form>"
    )
    return answer(Page("Receive payments", body, 400 if wrong else 200))
