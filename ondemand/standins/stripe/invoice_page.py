"""/i/<invoice> and its PDF, /receipts/<charge>: what Stripe hosts for who pays."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import escape

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.api import transaction
from ondemand.standins.stripe.card_form import Refused, method_of, read
from ondemand.standins.stripe.cards import BY_NUMBER
from ondemand.standins.stripe.collection import pay
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
    notice,
)
from ondemand.standins.stripe.payment_methods import attach
from ondemand.standins.stripe.pdf import document
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.store import Store
from ondemand.standins.stripe.words import money

STATUS = {"paid": "Paid", "open": "Open", "void": "Void", "uncollectible": "Given up"}


def hosted_page(store: Store, method: str, path: str, query: str, body: str) -> Reply:
    _, _, id, *rest = path.split("/")
    owner = store.owner(id)
    account = Account(store, owner) if owner else None
    invoice = account.find_id(["invoice"], id) if account else None
    if account is None or invoice is None or not invoice["hosted_invoice_url"] or rest not in ([], ["pdf"]):
        return not_found()
    account.enter(invoice)
    if rest:
        name = f'inline; filename="{invoice["number"]}.pdf"'
        return 200, document(_texts(invoice)), {"Content-Type": "application/pdf", "Content-Disposition": name}
    if method == "POST" and invoice["status"] == "open":
        return _pay(account, invoice, form_of(body))
    return _page(invoice, {}, "")


def _pay(account: Account, invoice: Object, form: dict[str, str]) -> Reply:
    """A card that asks for 3-D Secure is confirmed on this page: `confirmed` says so."""
    try:
        typed = read(account, form)
        if BY_NUMBER[typed.number].secure and form.get("confirmed") != "yes":
            return _page(invoice, form, CONFIRM, ask=True)
        _charge(account, invoice, form)
    except Refused as refused:
        return _page(account.get("invoice", invoice["id"]), form, str(refused))
    return _page(account.get("invoice", invoice["id"]), {}, "")


def _charge(account: Account, invoice: Object, form: dict[str, str]) -> None:
    typed = read(account, form)
    account.authenticated = form.get("confirmed") == "yes"

    def work() -> Object:
        customer = account.get("customer", invoice["customer"])
        method = method_of(account, typed, customer["email"], customer["address"])
        method = attach(account, account.save(method | {"_authenticated": account.authenticated}), customer)
        return pay(account, account.get("invoice", invoice["id"]), method["id"], off_session=False) and {}

    status, text = transaction(account, work)
    if status != 200:
        raise Refused(str(json.loads(text)["error"]["message"]))


def receipt(store: Store, method: str, path: str, query: str, body: str) -> Reply:
    id = path.rsplit("/", 1)[1]
    owner = store.owner(id)
    charge = Account(store, owner).find_id(["charge"], id) if owner else None
    if charge is None or not charge["paid"]:
        return not_found()
    card = charge["payment_method_details"]["card"]
    amount = money(charge["amount"], charge["currency"])
    return notice("Receipt", f"{amount} paid on {_day(charge['created'])} by {card['brand']} •••• {card['last4']}.")


def _day(moment: int | None) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%d %B %Y}" if moment else ""


def _page(invoice: Object, form: dict[str, str], wrong: str, *, ask: bool = False) -> Reply:
    currency, total = invoice["currency"], escape(money(invoice["amount_due"], invoice["currency"]))
    rows = "".join(
        f"<tr><th>{escape(line['description'] or '')}<br><small>{_day(line['period']['start'])} – "
        f"{_day(line['period']['end'])}</small></th><td>{escape(money(line['amount'], currency))}</td></tr>"
        for line in invoice["lines"]["data"]
    )
    for tax in invoice["total_taxes"]:
        rows += f"<tr><th>Tax</th><td>{escape(money(tax['amount'], currency))}</td></tr>"
    for off in invoice["total_discount_amounts"]:
        rows += f"<tr><th>Discount</th><td>{escape(money(-off['amount'], currency))}</td></tr>"
    summary = (
        f"<section><h1>Invoice {escape(invoice['number'])}</h1>"
        f'<p class="soft">{escape(invoice["customer_name"] or "")} · {_day(invoice["effective_at"])} · '
        f'{STATUS[invoice["status"]]}</p><p class="total">{total}</p><table>{rows}'
        f"<tr><th>Due</th><td>{total}</td></tr></table>"
        f'<p><a href="{escape(invoice["invoice_pdf"])}">PDF</a></p></section>'
    )
    body = summary + (_form(form, wrong, total, ask) if invoice["status"] == "open" else _state(invoice))
    return answer(Page(f"Invoice {invoice['number']}", body, 402 if wrong else 200, wide=True))


def _state(invoice: Object) -> str:
    words = {"paid": "This invoice is paid.", "void": "This invoice was voided: nothing is to be paid."}
    return f'<div class="card"><p>{words.get(invoice["status"], "This invoice is no longer collected.")}</p></div>'


def _form(form: dict[str, str], wrong: str, total: str, ask: bool) -> str:
    return (
        f'<form method="post" class="card" novalidate>{alert(wrong)}<h1>Pay</h1>{card_fields(form.get("name", ""))}'
        f"{confirm_box(ask)}<button>Pay {total}</button></form>"
    )


def _texts(invoice: Object) -> list[str]:
    currency = invoice["currency"]
    lines = [
        f"{line['description']}: {money(line['amount'], currency)} "
        f"({_day(line['period']['start'])} - {_day(line['period']['end'])})"
        for line in invoice["lines"]["data"]
    ]
    head = [
        f"Invoice {invoice['number']}", f"Date {_day(invoice['effective_at'])}",
        f"To {invoice['customer_name'] or invoice['customer_email'] or ''}", f"Status {invoice['status']}", "",
    ]  # fmt: skip
    total = f"Total {money(invoice['total'], currency)}, due {money(invoice['amount_remaining'], currency)}"
    return [*head, *lines, "", total, "", "Made by a stand-in for Stripe: this is not a real invoice."]
