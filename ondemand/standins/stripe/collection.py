"""From a draft to the money: finalize, try the card, try again by schedule."""

from __future__ import annotations

from ondemand.standins.stripe import customer_balance
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.endings import after_retries
from ondemand.standins.stripe.errors import StripeError, invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.lines import parent_subscription
from ondemand.standins.stripe.payment_intents import cancel_intent, confirm, new_intent
from ondemand.standins.stripe.payment_methods import resolve
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
        request_payment(account, invoice)
    emit(account, "invoice.finalized", account.save(invoice))
    return invoice if invoice["amount_due"] else paid(account, invoice)


def request_payment(account: Account, invoice: Object) -> Object:
    intent = new_intent(account, invoice["amount_due"], invoice["currency"], invoice["customer"])
    description = {
        "subscription_create": "Subscription creation",
        "subscription_update": "Subscription update",
    }
    intent["description"] = description.get(invoice["billing_reason"], f"Payment for Invoice {invoice['number']}")
    account.save(intent)
    return account.new(
        "invoice_payment", invoice=invoice["id"], amount_requested=invoice["amount_due"], is_default=True,
        currency=invoice["currency"], status="open",
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
    )  # fmt: skip


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
    if due <= 0:
        paid(account, invoice, outside=True)
        return
    payment, intent = open_payment(account, invoice)
    account.save(intent | {"amount": due})
    account.save(payment | {"amount_requested": due})
    emit(account, "invoice.updated", account.save(invoice))


def open_payment(account: Account, invoice: Object) -> tuple[Object, Object]:
    """The invoice's payment that is still open, and its intent."""
    payment = account.find("invoice_payment", invoice=invoice["id"], status="open")[0]
    return payment, account.get("payment_intent", payment["payment"]["payment_intent"])


def paid(account: Account, invoice: Object, *, outside: bool = False) -> Object:
    due = invoice["amount_due"]
    invoice |= {
        "status": "paid", "amount_paid": due, "amount_remaining": 0, "attempted": True, "auto_advance": False,
        "next_payment_attempt": None, "_outside": outside,
    }  # fmt: skip
    invoice["status_transitions"]["paid_at"] = account.now()
    account.save(invoice)
    for payment in account.find("invoice_payment", invoice=invoice["id"], status="open"):
        _close_payment(account, payment, due, outside)
    for type in ("invoice.updated", "invoice.paid", "invoice.payment_succeeded"):
        emit(account, type, invoice)
    owe(account, invoice["customer"], False)
    return settled(account, invoice)


def _close_payment(account: Account, payment: Object, due: int, outside: bool) -> None:
    if outside:
        cancel_intent(account, account.get("payment_intent", payment["payment"]["payment_intent"]), "void_invoice")
        payment["status_transitions"]["canceled_at"] = account.now()
        account.save(payment | {"status": "canceled"})
        return
    payment["status_transitions"]["paid_at"] = account.now()
    emit(account, "invoice_payment.paid", account.save(payment | {"status": "paid", "amount_paid": due}))


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
    _, intent = open_payment(account, invoice)
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    try:
        intent = confirm(account, intent, method, off_session=off_session)
    except StripeError:
        note_failure(account, invoice)
        raise
    if intent["status"] == "requires_action":
        note_failure(account, invoice, action=True)
        raise needs_action()
    return paid(account, invoice)


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
    """A paid invoice makes its subscription active, unless another one is still open."""
    subscription = of_subscription(account, invoice)
    if not subscription or subscription["status"] not in ("incomplete", "past_due", "unpaid", "paused"):
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
