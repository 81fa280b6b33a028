"""An invoice whose moment has come."""

from __future__ import annotations

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.collection import finalize, note_failure, overdue, pay
from ondemand.standins.stripe.errors import StripeError
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.invoices import give_up, void
from ondemand.standins.stripe.shapes import Object

PAUSED = {"void": void, "mark_uncollectible": give_up}


def advance(account: Account, invoice: Object) -> None:
    """Finalize it, try the card, or note that it is overdue; of a paused subscription it is closed unpaid."""
    if invoice["status"] == "draft":
        invoice = finalize(account, invoice)
        if invoice["collection_method"] == "send_invoice":
            emit(account, "invoice.sent", invoice)
    if invoice["status"] != "open":
        return
    if close := PAUSED.get(invoice.get("_paused", "")):
        close(account, invoice)
    elif invoice["collection_method"] == "charge_automatically":
        _try(account, invoice)
    elif invoice["due_date"] <= account.now():
        emit(account, "invoice.overdue", account.save(invoice | {"_overdue": True}))
        overdue(account, invoice)


def _try(account: Account, invoice: Object) -> None:
    """What was declined is noted where the card was tried; here what could not be tried at all."""
    try:
        pay(account, invoice)
    except StripeError as error:
        if error.status != 402:
            note_failure(account, invoice | {"attempt_count": invoice["attempt_count"] + 1})
