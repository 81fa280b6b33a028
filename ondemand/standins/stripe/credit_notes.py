"""Credit notes: before payment they lower what is due, after it they refund or credit."""

from __future__ import annotations

from ondemand.standins.stripe import customer_balance, refunds
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.collection import charge_of, lower_due
from ondemand.standins.stripe.core import assign, changed, operation, page, resource
from ondemand.standins.stripe.credit_note_lines import lines_of
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object

resource("credit_note", "/v1/credit_notes", "invoice customer")


@operation("POST /v1/credit_notes")
def create(account: Account, params: Params) -> Object:
    invoice = account.get("invoice", params["invoice"], "invoice")
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        raise invalid(f"You can't create a credit note on an invoice that is {invoice['status']}.", "invoice")
    made = _new(account, invoice, params)
    if params.get("email_type", "none") not in ("none", "credit_note"):
        raise invalid("Invalid email_type", "email_type")
    before = invoice["status"] != "paid"
    settle = _before_payment if before else _after_payment
    settle(account, invoice, made, params)
    emit(account, "credit_note.created", account.save(made))
    return made


def _new(account: Account, invoice: Object, params: Params) -> Object:
    lines = lines_of(account, invoice, params)
    subtotal = sum(line["amount"] for line in lines)
    off = sum(line["discount_amount"] for line in lines)
    taxes = [tax for line in lines for tax in line["taxes"]]
    outside = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    inside = sum(tax["amount"] for tax in taxes) - outside
    total, given = subtotal - off + outside, account.find("credit_note", invoice=invoice["id"])
    left = invoice["total"] - sum(each["total"] for each in given if each["status"] == "issued")
    if not 0 < total <= left:
        raise invalid(
            f"The credit note's total ({total}) must be positive and at most what is left of the invoice ({left}).",
            "amount",
        )
    made = account.new(
        "credit_note", customer=invoice["customer"], invoice=invoice["id"], currency=invoice["currency"], metadata={},
        amount=total, subtotal=subtotal, subtotal_excluding_tax=subtotal - inside, total=total,
        total_excluding_tax=total - outside - inside, total_taxes=taxes, discount_amount=off, status="issued",
        discount_amounts=[each for line in lines for each in line["discount_amounts"]],
        number=f"{invoice['number']}-CN-{len(given) + 1:02}", pdf=f"{account.store.base}/i/{invoice['id']}/pdf",
        effective_at=params.get("effective_at", account.now()),
    )  # fmt: skip
    made["lines"] |= {"data": lines, "url": f"/v1/credit_notes/{made['id']}/lines"}
    return assign(made, params, "memo metadata reason")


def _before_payment(account: Account, invoice: Object, note: Object, params: Params) -> None:
    if any(params.get(name) for name in ("refund_amount", "credit_amount", "out_of_band_amount", "refunds")):
        raise invalid("Refunds and credits are only for invoices that are paid.", "refund_amount")
    note |= {"type": "pre_payment", "pre_payment_amount": note["total"]}
    lower_due(account, invoice, note["total"])


def _after_payment(account: Account, invoice: Object, note: Object, params: Params) -> None:
    linked = params.plain("refunds") or []
    refund_amount, credit = params.get("refund_amount", 0), params.get("credit_amount", 0)
    outside = params.get("out_of_band_amount", 0)
    known = sum(_linked_amount(account, each) for each in linked)
    if refund_amount + credit + outside + known != note["total"]:
        raise invalid(
            "The sum of credit amount, refund amount and out of band amount must equal the credit note amount "
            f"({note['total']}).", "amount",
        )  # fmt: skip
    for each in linked:
        note["refunds"].append(_linked(each["refund"], _linked_amount(account, each)))
    if refund_amount:
        made = refunds.refund(account, charge_of(account, invoice), refund_amount)
        note["refunds"].append(_linked(made["id"], refund_amount))
    if credit:
        txn = customer_balance.change(account, invoice["customer"], -credit, invoice["currency"], "credit_note",
                                      credit_note=note["id"], invoice=invoice["id"])  # fmt: skip
        note["customer_balance_transaction"] = txn["id"]
    note |= {"type": "post_payment", "post_payment_amount": note["total"], "out_of_band_amount": outside or None}
    done = invoice["post_payment_credit_notes_amount"] + note["total"]
    emit(account, "invoice.updated", account.save(invoice | {"post_payment_credit_notes_amount": done}))


def _linked_amount(account: Account, given: Object) -> int:
    refund = account.get("refund", given.get("refund") or "", "refunds")
    return int(given.get("amount_refunded") or refund["amount"])


def _linked(refund: str, amount: int) -> Object:
    return {"amount_refunded": amount, "payment_record_refund": None, "refund": refund, "type": "refund"}


@operation("GET /v1/credit_notes/preview")
def preview(account: Account, params: Params) -> Object:
    account.db.execute("SAVEPOINT note")
    try:
        return create(account, params)
    finally:
        account.db.execute("ROLLBACK TO note")
        account.db.execute("RELEASE note")


@operation("GET /v1/credit_notes/preview/lines")
def preview_lines(account: Account, params: Params) -> Object:
    return page(preview(account, params)["lines"]["data"], "/v1/credit_notes/preview/lines", params)


@operation("POST /v1/credit_notes/{id}")
def update(account: Account, params: Params, id: str) -> Object:
    before = account.get("credit_note", id)
    after = assign(dict(before), params, "memo metadata")
    emit(account, "credit_note.updated", account.save(after), changed(before, after))
    return after


@operation("GET /v1/credit_notes/{credit_note}/lines")
def list_lines(account: Account, params: Params, id: str) -> Object:
    return page(account.get("credit_note", id)["lines"]["data"], f"/v1/credit_notes/{id}/lines", params)


@operation("POST /v1/credit_notes/{id}/void")
def void(account: Account, params: Params, id: str) -> Object:
    note = account.get("credit_note", id)
    if note["status"] == "void":
        raise invalid("This credit note is already void.")
    if note["refunds"]:
        raise invalid("You can't void a credit note that has a refund.")
    invoice = account.get("invoice", note["invoice"])
    if note["type"] == "pre_payment":
        if invoice["status"] != "open":
            raise invalid("You can only void a credit note of an open invoice.")
        lower_due(account, invoice, -note["total"])
    else:
        if note["customer_balance_transaction"]:
            customer_balance.change(account, note["customer"], note["total"], note["currency"], "adjustment")
        done = invoice["post_payment_credit_notes_amount"] - note["total"]
        account.save(invoice | {"post_payment_credit_notes_amount": done})
    note |= {"status": "void", "voided_at": account.now()}
    emit(account, "credit_note.voided", account.save(note))
    return note
