"""/3ds/<intent>: where an intent's redirect_to_url leads: the bank's question, played."""

from __future__ import annotations

from ondemand.standins.stripe import payment_intents, setup_intents
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.api import transaction
from ondemand.standins.stripe.pages import Page, Reply, answer, form_of, not_found, notice, redirect
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.store import Store

FORM = (
    '<form method="post" class="card"><h1>Confirm with your bank</h1><p>3-D Secure, played by the stand-in.</p>'
    '<button name="action" value="authenticate">Complete</button>'
    '<button class="plain" name="action" value="fail">Fail</button></form>'
)


def hosted_page(store: Store, method: str, path: str, query: str, body: str) -> Reply:
    id = path.rsplit("/", 1)[1]
    owner = store.owner(id)
    account = Account(store, owner) if owner else None
    intent = account.find_id(["payment_intent", "setup_intent"], id) if account else None
    if account is None or intent is None:
        return not_found()
    if intent["status"] == "requires_action" and method != "POST":
        return answer(Page("Confirm with your bank", FORM))
    if intent["status"] == "requires_action":
        passed = form_of(body).get("action") == "authenticate"
        transaction(account, lambda: _answered(account, intent, passed))
    back = intent.get("_return_url")
    return redirect(back) if back else notice("Done", "You can close this page.")


def _answered(account: Account, intent: Object, passed: bool) -> Object:
    account.authenticated = passed
    if intent["object"] == "setup_intent":
        if passed:
            return setup_intents.confirm(account, intent, None) and {}
        return account.save(intent | {"status": "requires_payment_method", "next_action": None}) and {}
    if not passed:
        return payment_intents.fail_authentication(account, intent) and {}
    method = account.get("payment_method", intent["payment_method"])
    return payment_intents.confirm(account, intent, method) and {}
