"""/c/pay/<session>: the hosted Checkout page."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.api import transaction
from ondemand.standins.stripe.card_form import Refused, Typed, read
from ondemand.standins.stripe.checkout import retotal
from ondemand.standins.stripe.checkout_completion import complete, declined, needs_confirmation, promote
from ondemand.standins.stripe.errors import StripeError
from ondemand.standins.stripe.pages import (
    Page,
    Reply,
    alert,
    answer,
    card_fields,
    field,
    form_of,
    not_found,
    notice,
    redirect,
)
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.store import Store
from ondemand.standins.stripe.words import money


def hosted_page(store: Store, method: str, path: str, query: str, body: str) -> Reply:
    id = path.rsplit("/", 1)[1]
    owner = store.owner(id)
    account = Account(store, owner) if owner else None
    session = account.find_id(["checkout.session"], id) if account else None
    if account is None or session is None:
        return not_found()
    if session["customer"]:
        account.get("customer", session["customer"])  # a test clock's time, where there is one
    if session["status"] == "complete":
        return _completed(session, method)
    if session["status"] == "expired":
        words = "Nothing was charged. Please go back and begin again."
        return notice("This payment page has expired", words, session["cancel_url"], "Back")
    form = form_of(body)
    if method == "POST":
        return _posted(account, session, form)
    confirming = session.get("_pending") and "step=confirm" in query
    return _confirm_page(session) if confirming else _form_page(account, session, {}, "")


def _completed(session: Object, method: str) -> Reply:
    if method == "POST":
        return redirect(after(session))
    return notice("This payment was completed", "There is nothing more to pay on this page.", after(session))


def after(session: Object) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _posted(account: Account, session: Object, form: dict[str, str]) -> Reply:
    action = form.get("action", "pay")
    pending = session.get("_pending")
    if action in ("authenticate", "fail") and pending:
        return _confirmed(account, session, pending, passed=action == "authenticate")
    try:
        if action == "apply":
            _in_transaction(account, lambda: account.save(_promoted(account, session, form)))
            return _form_page(account, account.get("checkout.session", session["id"]), form, "")
        typed = read(account, form)
        if wanted := _not_agreed(session, form):
            raise Refused(wanted)
        if needs_confirmation(typed):
            account.save(session | {"_pending": {"typed": list(typed), "form": _kept(form)}})
            return redirect(f"/c/pay/{session['id']}?step=confirm")
        try:
            _in_transaction(account, lambda: complete(account, session, typed, form, authenticated=False))
        except Refused:
            transaction(account, lambda: declined(account, session, typed))
            raise
    except Refused as refused:
        fresh = account.get("checkout.session", session["id"])
        return _form_page(account, fresh, form, str(refused))
    return redirect(after(session))


def _promoted(account: Account, session: Object, form: dict[str, str]) -> Object:
    promote(account, session, form.get("promotion_code", ""))
    return retotal(session, account.now())


def _in_transaction(account: Account, work: Callable[[], Object]) -> None:
    """Stripe's refusals become sentences; what they tried is taken back."""

    def run() -> Object:
        try:
            return work() and {}
        except StripeError as error:
            error.keep = False
            raise

    status, text = transaction(account, run)
    if status != 200:
        raise Refused(_sentence(text))


def _sentence(text: str) -> str:
    message = str(json.loads(text)["error"]["message"])
    return message + ("" if message.endswith(".") else ".")


def _kept(form: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in form.items() if name not in ("number", "expiry", "cvc", "action")}


def _confirmed(account: Account, session: Object, pending: Object, *, passed: bool) -> Reply:
    form, typed = pending["form"], Typed(*pending["typed"])
    session["_pending"] = None
    try:
        if not passed:
            account.save(session)
            raise Refused("Your bank did not confirm the payment. Please try again or use another card.")
        _in_transaction(account, lambda: complete(account, session, typed, form, authenticated=True))
    except Refused as refused:
        return _form_page(account, account.get("checkout.session", session["id"]), form, str(refused))
    return redirect(after(session))


def _not_agreed(session: Object, form: dict[str, str]) -> str:
    wanted = (session["consent_collection"] or {}).get("terms_of_service") == "required"
    return "Please agree to the terms of service." if wanted and not form.get("terms") else ""


def _confirm_page(session: Object) -> Reply:
    body = (
        '<form method="post" class="card"><h1>Confirm the payment</h1><p>Your bank asks you to confirm '
        f"{escape(money(session['amount_total'], session['currency']))} (3-D Secure, played by the stand-in).</p>"
        '<button name="action" value="authenticate">Complete</button>'
        '<button class="plain" name="action" value="fail">Fail</button></form>'
    )
    return answer(Page("Confirm the payment", body))


def _form_page(account: Account, session: Object, form: dict[str, str], message: str) -> Reply:
    session = retotal(session, account.now())
    customer = account.find_id(["customer"], session["customer"]) if session["customer"] else None
    status = 402 if message else 200
    body = f"<section>{_summary(account, session)}</section>{_form(session, customer, form, message)}"
    return answer(Page("Checkout", body, status, wide=True))


def _summary(account: Account, session: Object) -> str:
    currency = session["currency"]
    rows = "".join(
        f"<tr><th>{escape(each['description'])}<br><small>{_unit(each)}</small></th>"
        f"<td>{escape(money(each['amount_total'], currency))}</td></tr>"
        for each in session["_lines"]
    )
    if off := session["total_details"]["amount_discount"]:
        rows += f"<tr><th>Discount</th><td>{escape(money(-off, currency))}</td></tr>"
    total = escape(money(session["amount_total"], currency))
    back = f'<p><a href="{escape(session["cancel_url"])}">← Back</a></p>' if session["cancel_url"] else ""
    heading = "Subscribe" if session["mode"] == "subscription" else "Pay"
    return (
        f'{back}<h1>{heading}</h1><p class="total">{total}</p><table>{rows}<tr><th>Total due today</th>'
        f"<td>{total}</td></tr></table>{_next(session)}"
    )


def _unit(line: Object) -> str:
    price = line["price"]
    each = money(price["unit_amount"] or 0, line["currency"])
    every = f" / {price['recurring']['interval']}" if price["recurring"] else ""
    return escape(f"{line['quantity']} × {each}{every}")


def _next(session: Object) -> str:
    anchor = (session.get("_subscription") or {}).get("billing_cycle_anchor")
    if not anchor:
        return ""
    day = datetime.fromtimestamp(anchor, UTC)
    return f'<p class="soft">Today’s amount is for the time until {day:%d %B %Y, %H:%M} UTC; then the full price.</p>'


def _form(session: Object, customer: Object | None, form: dict[str, str], message: str) -> str:
    known = (customer or {}).get("email") or session["customer_email"] or ""
    email = f'<p class="soft">{escape(known)}</p>' if known and customer else field(
        "email", "E-mail", form.get("email", known), autocomplete="email", more='type="email" required'
    )  # fmt: skip
    name = form.get("name", "")
    total = escape(money(session["amount_total"], session["currency"]))
    word = "Subscribe and pay" if session["mode"] == "subscription" else "Pay"
    return (
        f'<form method="post" class="card" novalidate>{alert(message)}<h2>Contact</h2>{email}<h2>Card</h2>'
        f"{card_fields(name)}{_address(session, customer, form)}{_tax(session, customer, form)}"
        f'{_terms(session)}<button name="action" value="pay">{word} {total}</button>{_code(session, form)}</form>'
    )


def _address(session: Object, customer: Object | None, form: dict[str, str]) -> str:
    known = {n: v or "" for n, v in ((customer or {}).get("address") or {}).items()} | form
    country = field("country", "Country", known.get("country", ""), autocomplete="country", more='maxlength="2"',
                    hint="like ES")  # fmt: skip
    postal = field("postal_code", "Postal code", known.get("postal_code", ""), autocomplete="postal-code")
    if session["billing_address_collection"] != "required":
        return f'<h2>Billing address</h2><div class="two"><div>{country}</div><div>{postal}</div></div>'
    rows = (("line1", "Address", "address-line1"), ("line2", "Address, second line", "address-line2"),
            ("city", "City", "address-level2"), ("state", "State or province", "address-level1"))  # fmt: skip
    rest = "".join(field(n, label, known.get(n, ""), autocomplete=token) for n, label, token in rows)
    return f'<h2>Billing address</h2>{rest}<div class="two"><div>{postal}</div><div>{country}</div></div>'


def _tax(session: Object, customer: Object | None, form: dict[str, str]) -> str:
    if not (session.get("tax_id_collection") or {}).get("enabled"):
        return ""
    company = form.get("business_name", (customer or {}).get("name") or "")
    return (
        "<h2>Company</h2>"
        + field("business_name", "Company name", company, autocomplete="organization")
        + field("tax_id", "Tax number", form.get("tax_id", ""), autocomplete="off", hint="like ESB12345674, optional")
    )


def _code(session: Object, form: dict[str, str]) -> str:
    if not session["allow_promotion_codes"] or session.get("_discounts"):
        return ""
    code = field("promotion_code", "Promotion code", form.get("promotion_code", ""), autocomplete="off")
    return f'{code}<button class="plain" name="action" value="apply">Apply the code</button>'


def _terms(session: Object) -> str:
    if (session["consent_collection"] or {}).get("terms_of_service") != "required":
        return ""
    return '<label><input type="checkbox" name="terms" value="yes">I agree to the terms of service.</label>'
