"""Invoices: draft, open, paid, void, uncollectible."""

from __future__ import annotations

from ondemand.standins.stripe import customer_balance
from ondemand.standins.stripe.account import DUE, Account
from ondemand.standins.stripe.collection import finalize, paid, pay, settled
from ondemand.standins.stripe.core import assign, changed, operation, resource
from ondemand.standins.stripe.discounts import apply as apply_discounts
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.invoice_payments import cancel_open
from ondemand.standins.stripe.lines import draft, pull_pending
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object, part
from ondemand.standins.stripe.tax_ids import tax_ids_of
from ondemand.standins.stripe.tax_rates import rates
from ondemand.standins.stripe.totals import recalculate

FIELDS = "description metadata auto_advance footer default_payment_method custom_fields statement_descriptor"
HOUR = 3600

resource(
    "invoice", "/v1/invoices", "customer status collection_method",
    {"subscription": "parent.subscription_details.subscription"},
)  # fmt: skip


def next_moment(invoice: Object) -> int | None:
    if invoice["status"] == "draft":
        moment = invoice["automatically_finalizes_at"]
    elif invoice["status"] == "open" and invoice["collection_method"] == "send_invoice":
        moment = None if invoice.get("_overdue") else invoice["due_date"]
    else:
        moment = invoice["next_payment_attempt"] if invoice["status"] == "open" else None
    return int(moment) if moment else None


DUE["invoice"] = next_moment


@operation("POST /v1/invoices")
def create(account: Account, params: Params) -> Object:
    customer = account.get("customer", params.need("customer"), "customer")
    parent = None
    if id := params.get("subscription"):
        parent = of(account.get("subscription", id, "subscription"))
    currency = params.get("currency") or customer["currency"] or "usd"
    made = new_invoice(account, customer, currency.lower(), "manual", parent)
    assign(made, params, FIELDS)
    made["_rates"] = made["default_tax_rates"] = rates(account, params, "default_tax_rates")
    collect_by(made, params)
    if "discounts" in params:
        apply_discounts(account, made, params)
    if params.get("pending_invoice_items_behavior", "exclude") == "include":
        pull_pending(account, made, id)
        made = account.get("invoice", made["id"])
    made["automatically_finalizes_at"] = account.now() + HOUR if made["auto_advance"] else None
    return account.save(recalculate(account, made))


def collect_by(obj: Object, params: Params) -> None:
    """charge_automatically, or send_invoice with its days until due."""
    obj["collection_method"] = params.get("collection_method", obj["collection_method"])
    days = params.get("days_until_due")
    if obj["collection_method"] == "send_invoice":
        if days is None and not params.get("due_date") and not obj.get("_days") and not obj.get("days_until_due"):
            raise invalid(
                "If invoice is set to be collected by `send_invoice`, `days_until_due` must be specified.",
                "days_until_due", "parameter_missing",
            )  # fmt: skip
        obj["_days"] = days if days is not None else obj.get("_days", 30)
        if obj["object"] == "invoice":
            obj["due_date"] = params.get("due_date")
    elif days is not None:
        raise invalid("`days_until_due` can only be set with `collection_method=send_invoice`.", "days_until_due")


def of(subscription: Object) -> Object:
    details = {"subscription": subscription["id"], "metadata": dict(subscription["metadata"])}
    return {"type": "subscription_details", "subscription_details": details, "quote_details": None}


def new_invoice(
    account: Account, customer: Object, currency: str, reason: str, parent: Object | None = None,
    period: tuple[int, int] | None = None,
) -> Object:  # fmt: skip
    start, end = period or (account.now(), account.now())
    invoice = account.new(
        "invoice", customer=customer["id"], currency=currency, billing_reason=reason, status="draft", metadata={},
        auto_advance=reason != "manual", amount_paid_off_stripe=0, period_start=start, period_end=end, parent=parent,
        issuer={"type": "self"}, customer_tax_ids=tax_ids_of(account, customer["id"]), account_tax_ids=None,
        total_discount_amounts=[], total_taxes=[], total_pretax_credit_amounts=[], default_tax_rates=[], discounts=[],
        collection_method="charge_automatically", **_of_customer(customer),
    )  # fmt: skip
    invoice["lines"]["url"] = f"/v1/invoices/{invoice['id']}/lines"
    invoice["automatic_tax"] = part("invoice", "automatic_tax") | {"enabled": False}
    if not customer["currency"]:
        account.save(customer | {"currency": currency})
    emit(account, "invoice.created", account.save(recalculate(account, invoice)))
    return account.get("invoice", invoice["id"])


def _of_customer(customer: Object) -> Object:
    same = {
        "customer_" + name: customer[name] for name in ("email", "name", "phone", "address", "shipping", "tax_exempt")
    }
    return same | {"footer": customer["invoice_settings"]["footer"]}


@operation("POST /v1/invoices/{invoice}")
def update(account: Account, params: Params, id: str) -> Object:
    before = account.get("invoice", id)
    loose = {"metadata", "auto_advance", "default_payment_method", "expand", "description", "footer"}
    if before["status"] != "draft" and set(params) - loose:
        draft(account, id)
    after = assign(account.get("invoice", id), params, FIELDS)
    if "default_tax_rates" in params:
        after["_rates"] = after["default_tax_rates"] = rates(account, params, "default_tax_rates")
        for line in after["lines"]["data"]:
            line["_rates"] = after["_rates"]
    if "discounts" in params:
        apply_discounts(account, after, params)
    if {"collection_method", "days_until_due", "due_date"} & set(params):
        collect_by(after, params)
    if after["status"] == "draft":
        later = account.now() + HOUR if after["auto_advance"] else None
        after["automatically_finalizes_at"] = (before["automatically_finalizes_at"] or later) if later else None
        after = recalculate(account, after)
    emit(account, "invoice.updated", account.save(after), changed(before, after))
    return after


@operation("POST /v1/invoices/{invoice}/finalize")
def finalize_operation(account: Account, params: Params, id: str) -> Object:
    invoice = account.get("invoice", id)
    if invoice["status"] != "draft":
        raise invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
            code="invoice_not_editable",
        )
    invoice = finalize(account, assign(invoice, params, "auto_advance"))
    if invoice["status"] == "open" and invoice["auto_advance"] and invoice["collection_method"] != "send_invoice":
        invoice["next_payment_attempt"] = account.now() + HOUR
    return account.save(invoice)


@operation("POST /v1/invoices/{invoice}/send")
def send(account: Account, params: Params, id: str) -> Object:
    invoice = account.get("invoice", id)
    if invoice["collection_method"] != "send_invoice":
        raise invalid("You can only manually send an invoice if its collection method is 'send_invoice'.")
    invoice = finalize(account, invoice) if invoice["status"] == "draft" else invoice
    emit(account, "invoice.sent", invoice)
    return invoice


@operation("POST /v1/invoices/{invoice}/pay")
def pay_operation(account: Account, params: Params, id: str) -> Object:
    invoice = account.get("invoice", id)
    outside, chosen = params.get("paid_out_of_band"), params.get("payment_method")
    off_session = params.get("off_session", True)
    if invoice["status"] == "draft":
        invoice = finalize(account, invoice)
        if invoice["status"] == "paid":  # nothing was due
            return invoice
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "void":
        raise invalid("This invoice can no longer be paid: it was voided.")
    return paid(account, invoice, outside=True) if outside else pay(account, invoice, chosen, off_session=off_session)


@operation("POST /v1/invoices/{invoice}/void")
def void_operation(account: Account, params: Params, id: str) -> Object:
    invoice = account.get("invoice", id)
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"You can only void open or uncollectible invoices. This invoice is {invoice['status']}.")
    return void(account, invoice)


def void(account: Account, invoice: Object) -> Object:
    if moved := (invoice["ending_balance"] or 0) - invoice["starting_balance"]:
        customer_balance.change(
            account, invoice["customer"], -moved, invoice["currency"], "unapplied_from_invoice", invoice=invoice["id"]
        )
    invoice |= {"status": "void", "auto_advance": False, "next_payment_attempt": None, "amount_remaining": 0}
    invoice["status_transitions"]["voided_at"] = account.now()
    cancel_open(account, invoice)
    emit(account, "invoice.voided", account.save(invoice))
    return settled(account, invoice)


@operation("POST /v1/invoices/{invoice}/mark_uncollectible")
def mark_uncollectible(account: Account, params: Params, id: str) -> Object:
    invoice = account.get("invoice", id)
    if invoice["status"] != "open":
        raise invalid(f"You can only mark open invoices as uncollectible. This invoice is {invoice['status']}.")
    return give_up(account, invoice)


def give_up(account: Account, invoice: Object) -> Object:
    invoice |= {"status": "uncollectible", "auto_advance": False, "next_payment_attempt": None}
    invoice["status_transitions"]["marked_uncollectible_at"] = account.now()
    emit(account, "invoice.marked_uncollectible", account.save(invoice))
    return settled(account, invoice)


@operation("DELETE /v1/invoices/{invoice}")
def delete(account: Account, params: Params, id: str) -> Object:
    invoice = draft(account, id)
    if invoice["parent"] and invoice["billing_reason"] != "manual":
        raise invalid("You can't delete invoices created by subscriptions.", code="invoice_not_editable")
    for item in account.find("invoiceitem", invoice=id):
        account.delete(item)
    emit(account, "invoice.deleted", invoice)
    return account.delete(invoice)
