"""From a draft to the money: finalize, try the card, try again by schedule."""

from __future__ import annotations

from ondemand.standins.stripe import customer_balance, invoice_payments
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import operation
from ondemand.standins.stripe.endings import after_retries
from ondemand.standins.stripe.errors import StripeError, invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.lines import parent_subscription
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.payment_intents import SUCCEEDED, confirm
from ondemand.standins.stripe.payment_methods import attach, resolve
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.totals import recalculate

DAY = 86400
RETRIES = (3, 5, 7)  # days after each failed attempt; afterwards the subscription stays past_due


def finalize(account: Account, invoice: Object) -> Object:
    customer, now = account.get("customer", invoice["customer"]), account.now()
    invoice = recalculate(account, invoice)
    carried = invoice["total"] + invoice["starting_balance"] - invoice["amount_due"]
    invoice |= {
        "status": "open", "number": f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}",
        "effective_at": invoice["effective_at"] or now, "ending_balance": carried, "automatically_finalizes_at": None,
        "hosted_invoice_url": f"{account.store.base}/i/{invoice['id']}",
        "invoice_pdf": f"{account.store.base}/i/{invoice['id']}/pdf",
    }  # fmt: skip
    invoice["status_transitions"]["finalized_at"] = now
    if invoice["collection_method"] == "send_invoice":
        invoice["due_date"] = invoice["due_date"] or now + invoice.get("_days", 30) * DAY
    sequence = customer["next_invoice_sequence"] + 1
    account.save(customer | {"next_invoice_sequence": sequence})
    if moved := carried - customer["balance"]:
        kind = "invoice_too_small" if moved > 0 and not invoice["amount_due"] else "applied_to_invoice"
        customer_balance.change(account, customer["id"], moved, invoice["currency"], kind, invoice=invoice["id"])
    if invoice["amount_due"]:
        invoice_payments.request(account, invoice)
    emit(account, "invoice.finalized", account.save(invoice))
    return invoice if invoice["amount_due"] else paid(account, invoice)


def charge_of(account: Account, invoice: Object) -> Object:
    """The charge that paid an invoice."""
    for payment in account.find("invoice_payment", invoice=invoice["id"], status="paid"):
        intent = account.get("payment_intent", payment["payment"]["payment_intent"])
        return account.get("charge", intent["latest_charge"])
    raise invalid("This invoice was not paid by a charge: there is nothing to refund.", "refund_amount")


def lower_due(account: Account, invoice: Object, amount: int) -> None:
    """A credit note before payment; a negative amount takes one back."""
    due = invoice["amount_due"] - amount
    invoice |= {
        "amount_due": due, "amount_remaining": due - invoice["amount_paid"],
        "pre_payment_credit_notes_amount": invoice["pre_payment_credit_notes_amount"] + amount,
    }  # fmt: skip
    if invoice["amount_remaining"] <= 0:
        paid(account, invoice)
        return
    invoice_payments.ask_for_the_rest(account, invoice)
    emit(account, "invoice.updated", account.save(invoice))


def paid(account: Account, invoice: Object, *, outside: bool = False) -> Object:
    off_stripe = invoice["amount_remaining"] if outside else 0
    invoice |= {
        "status": "paid", "amount_paid": invoice["amount_paid"] + off_stripe, "amount_remaining": 0, "attempted": True,
        "auto_advance": False, "next_payment_attempt": None, "amount_paid_off_stripe": off_stripe,
    }  # fmt: skip
    invoice["status_transitions"]["paid_at"] = account.now()
    account.save(invoice)
    invoice_payments.cancel_open(account, invoice)
    for type in ("invoice.updated", "invoice.paid", "invoice.payment_succeeded"):
        emit(account, type, invoice)
    owe(account, invoice["customer"], False)
    return settled(account, invoice)


def pay(account: Account, invoice: Object, chosen: str | None = None, *, off_session: bool = True) -> Object:
    """Charge the card: the invoice's, the subscription's, or the customer's. A decline is noted, then raised."""
    id = chosen or default_method(account, invoice)
    if not id:
        raise invalid(
            "This customer has no attached payment source or default payment method. Please consider adding a "
            "default payment method. For more information, visit "
            "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.",
            code="resource_missing",
        )
    method = resolve(account, id, "payment_method")
    if method["customer"] and method["customer"] != invoice["customer"]:
        raise invalid("The payment method does not belong to the invoice's customer.", "payment_method")
    _, intent = invoice_payments.open_payment(account, invoice)
    account.save(invoice | {"attempted": True, "attempt_count": invoice["attempt_count"] + 1})
    invoice = account.get("invoice", invoice["id"])
    try:
        intent = confirm(account, intent, method, off_session=off_session)
    except StripeError:
        note_failure(account, invoice)
        raise
    if intent["status"] == "requires_action":
        note_failure(account, invoice, action=True)
        raise needs_action()
    return account.get("invoice", invoice["id"])


def credited(account: Account, intent: Object) -> None:
    """A payment intent has succeeded: the invoice that it is for is paid, or a part of it."""
    found = account.scan("invoice_payment", {"payment.payment_intent": intent["id"], "status": "open"})
    for payment in list(found):
        invoice = account.get("invoice", payment["invoice"])
        if invoice["status"] in ("open", "uncollectible"):
            _credit(account, invoice, payment, intent)


def _credit(account: Account, invoice: Object, payment: Object, intent: Object) -> Object:
    invoice = invoice_payments.apply(account, invoice, payment, intent["amount_received"])
    _keep_card(account, invoice, intent)
    if invoice["amount_remaining"] <= 0:
        return paid(account, invoice)
    invoice_payments.ask_for_the_rest(account, invoice)
    emit(account, "invoice.updated", invoice)
    return invoice


def _keep_card(account: Account, invoice: Object, intent: Object) -> None:
    subscription = of_subscription(account, invoice)
    if not subscription or subscription["payment_settings"]["save_default_payment_method"] != "on_subscription":
        return
    method = account.get("payment_method", intent["payment_method"])
    attach(account, method, account.get("customer", invoice["customer"]))
    account.save(subscription | {"default_payment_method": method["id"]})


@operation("POST /v1/invoices/{invoice}/attach_payment")
def attach_payment(account: Account, params: Params, id: str) -> Object:
    invoice = account.get("invoice", id)
    if invoice["status"] != "open":
        raise invalid(f"Payments can be attached to open invoices only. This invoice is {invoice['status']}.")
    intent = account.get("payment_intent", params.need("payment_intent"), "payment_intent")
    if intent["status"] == "canceled" or intent["currency"] != invoice["currency"]:
        raise invalid("The PaymentIntent is canceled, or has another currency than the invoice.", "payment_intent")
    if intent["customer"] not in (None, invoice["customer"]):
        raise invalid("The PaymentIntent belongs to another customer.", "payment_intent")
    payment = invoice_payments.attach(account, invoice, intent)
    return _credit(account, invoice, payment, intent) if intent["status"] == "succeeded" else invoice


SUCCEEDED.append(credited)


def needs_action() -> StripeError:
    return StripeError(
        402,
        "This payment requires additional user action before it can be completed successfully. Payment can be "
        "completed using the PaymentIntent associated with the invoice.",
        kind="card_error", code="invoice_payment_intent_requires_action", keep=True,
    )  # fmt: skip


def note_failure(account: Account, invoice: Object, *, action: bool = False) -> None:
    failed = invoice["attempt_count"]
    again = invoice["auto_advance"] and invoice["billing_reason"] != "subscription_create" and failed <= len(RETRIES)
    invoice["next_payment_attempt"] = account.now() + RETRIES[failed - 1] * DAY if again else None
    emit(account, "invoice.payment_failed", account.save(invoice))
    if action:
        emit(account, "invoice.payment_action_required", invoice)
    emit(account, "invoice.updated", invoice)
    overdue(account, invoice)
    owe(account, invoice["customer"], True)
    subscription = of_subscription(account, invoice)
    if subscription and subscription["status"] == "past_due" and failed > len(RETRIES):
        after_retries(account, subscription)


def owe(account: Account, customer: str, delinquent: bool) -> None:
    owner = account.get("customer", customer)
    if owner["delinquent"] != delinquent:
        emit(account, "customer.updated", account.save(owner | {"delinquent": delinquent}),
             {"delinquent": not delinquent})  # fmt: skip


def overdue(account: Account, invoice: Object) -> None:
    """A failed renewal makes its subscription past_due."""
    subscription = of_subscription(account, invoice)
    if subscription and subscription["status"] == "active":
        emit(account, "customer.subscription.updated", account.save(subscription | {"status": "past_due"}),
             {"status": "active"})  # fmt: skip


def default_method(account: Account, invoice: Object) -> str | None:
    subscription = of_subscription(account, invoice)
    own = subscription["default_payment_method"] if subscription else None
    customer = account.get("customer", invoice["customer"])
    found: str | None = (
        invoice["default_payment_method"] or own or customer["invoice_settings"]["default_payment_method"]
    )
    return found


def of_subscription(account: Account, invoice: Object) -> Object | None:
    id = parent_subscription(invoice)
    return account.find_id(["subscription"], id) if id else None


def settled(account: Account, invoice: Object) -> Object:
    """Paid, void or given up, an invoice makes its subscription active, unless another one is still open."""
    subscription = of_subscription(account, invoice)
    if not subscription or subscription["status"] not in ("incomplete", "past_due", "unpaid", "paused"):
        return invoice
    if subscription["status"] == "incomplete" and invoice["status"] != "paid":
        return invoice
    if subscription["status"] == "paused":
        if subscription.get("_resumption") == invoice["id"]:
            resume(account, subscription)
        return invoice
    owing = account.find("invoice", **{"parent.subscription_details.subscription": subscription["id"]}, status="open")
    if subscription["latest_invoice"] == invoice["id"] or not any(each["attempted"] for each in owing):
        emit(account, "customer.subscription.updated", account.save(subscription | {"status": "active"}),
             {"status": subscription["status"]})  # fmt: skip
    return invoice


def resume(account: Account, subscription: Object) -> Object:
    """A paused subscription goes on."""
    before = {"status": subscription["status"]}
    subscription |= {"status": "active", "_resumption": None}
    emit(account, "customer.subscription.updated", account.save(subscription), before)
    emit(account, "customer.subscription.resumed", subscription)
    return subscription
