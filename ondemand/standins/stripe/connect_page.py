"""/setup/<link>: the hosted page where a connected account's owner gives a bank account."""

from __future__ import annotations

import re
from html import escape

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.api import transaction
from ondemand.standins.stripe.connect import activate
from ondemand.standins.stripe.core import changed
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.external_accounts import new_bank
from ondemand.standins.stripe.pages import Page, Reply, alert, answer, field, form_of, not_found, redirect
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.store import Store


def hosted_page(store: Store, method: str, path: str, query: str, body: str) -> Reply:
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
    connected["external_accounts"]["data"] = [new_bank(account, connected, number, holder)]
    connected["tos_acceptance"] = {"date": account.now(), "ip": "127.0.0.1", "user_agent": None}
    activate(connected)
    emit(account.inside(connected["id"]), "account.updated", account.save(connected), changed(before, connected))
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
