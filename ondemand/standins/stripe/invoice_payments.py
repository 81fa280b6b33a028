"""An invoice's payments: the one that Stripe makes for it, and those that are attached; several may pay it."""

from __future__ import annotations

from ondemand.standins.stripe import customer_balance
from ondemand.standins.stripe.account import INCLUDED, Account
from ondemand.standins.stripe.core import resource
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.payment_intents import cancel_intent, new_intent
from ondemand.standins.stripe.shapes import Object

KIND = "invoice_payment"
WORDS = {"subscription_create": "Subscription creation", "subscription_update": "Subscription update"}

resource(
    KIND, "/v1/invoice_payments", "invoice status",
    payment=lambda payment, wanted: payment["payment"].get(wanted["type"]) == wanted.get(wanted["type"]),
)  # fmt: skip
INCLUDED["invoice", "payments"] = lambda account, invoice: {
    "object": "list", "data": account.find(KIND, invoice=invoice["id"]), "has_more": False,
    "url": "/v1/invoice_payments",
}  # fmt: skip
INCLUDED["invoice", "confirmation_secret"] = lambda account, invoice: _secret(account, invoice)


def _secret(account: Account, invoice: Object) -> Object | None:
    if invoice["status"] != "open":
        return None
    return {"type": "payment_intent", "client_secret": open_payment(account, invoice)[1]["client_secret"]}


def request(account: Account, invoice: Object) -> Object:
    """The payment that Stripe makes for an invoice that is finalized."""
    intent = new_intent(account, invoice["amount_due"], invoice["currency"], invoice["customer"])
    intent["description"] = WORDS.get(invoice["billing_reason"], f"Payment for Invoice {invoice['number']}")
    return attach(account, invoice, account.save(intent), is_default=True)


def attach(account: Account, invoice: Object, intent: Object, *, is_default: bool = False) -> Object:
    return account.new(
        KIND, invoice=invoice["id"], amount_requested=intent["amount"], is_default=is_default,
        currency=invoice["currency"], status="open",
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
    )  # fmt: skip


def open_payment(account: Account, invoice: Object) -> tuple[Object, Object]:
    """The payment that Stripe made, and its intent."""
    payment = account.find(KIND, invoice=invoice["id"], status="open", is_default=True)[0]
    return payment, account.get("payment_intent", payment["payment"]["payment_intent"])


def ask_for_the_rest(account: Account, invoice: Object) -> None:
    payment, intent = open_payment(account, invoice)
    account.save(intent | {"amount": invoice["amount_remaining"]})
    account.save(payment | {"amount_requested": invoice["amount_remaining"]})


def apply(account: Account, invoice: Object, payment: Object, amount: int) -> Object:
    """What came in; more than is due is the customer's credit."""
    taken = min(amount, invoice["amount_remaining"])
    payment["status_transitions"]["paid_at"] = account.now()
    emit(account, "invoice_payment.paid", account.save(payment | {"status": "paid", "amount_paid": taken}))
    if over := amount - taken:
        customer_balance.change(account, invoice["customer"], -over, invoice["currency"], "invoice_overpaid",
                                invoice=invoice["id"])  # fmt: skip
    return account.save(invoice | {
        "amount_paid": invoice["amount_paid"] + taken, "amount_remaining": invoice["amount_remaining"] - taken,
        "amount_overpaid": invoice["amount_overpaid"] + over,
    })  # fmt: skip


def cancel_open(account: Account, invoice: Object) -> None:
    """Nothing is to be paid any more."""
    for payment in account.find(KIND, invoice=invoice["id"], status="open"):
        intent = account.get("payment_intent", payment["payment"]["payment_intent"])
        if payment["is_default"]:
            cancel_intent(account, intent, "void_invoice")
        payment["status_transitions"]["canceled_at"] = account.now()
        account.save(payment | {"status": "canceled"})
