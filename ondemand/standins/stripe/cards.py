"""Stripe's published test cards: their numbers, their tok_ and pm_card_ names, what each one does."""

from __future__ import annotations

from typing import NamedTuple

from ondemand.standins.stripe.errors import StripeError


class Card(NamedTuple):
    number: str
    name: str  # tok_NAME, pm_card_NAME
    brand: str = "visa"
    attaching: str = ""  # the decline code when it is attached
    charging: str = ""  # the decline code when it is charged
    secure: str = ""  # 3-D Secure: "always", or "once" (not asked again when saved by a payment or set-up)
    country: str = "US"
    funding: str = "credit"
    disputed: str = ""  # the reason of the dispute that follows a payment
    risk: str = "normal"
    at_once: bool = False  # the money is available without a wait
    refund_fails: bool = False
    cvc_fails: bool = False


CARDS = [
    Card("4242424242424242", "visa"),
    Card("4000056655665556", "visa_debit", funding="debit"),
    Card("5555555555554444", "mastercard", "mastercard"),
    Card("5105105105105100", "mastercard_prepaid", "mastercard", funding="prepaid"),
    Card("378282246310005", "amex", "amex"),
    Card("6011111111111117", "discover", "discover"),
    Card("4000007240000007", "es", country="ES"),
    Card("4000002760000016", "de", country="DE"),
    Card("4000002500000003", "fr", country="FR"),
    Card("4000008260000000", "gb", country="GB"),
    Card("4000003800000008", "it", country="IT"),
    Card("4000000760000002", "br", country="BR"),
    Card("4000000000000077", "bypassPending", at_once=True),
    Card("4000000000000002", "chargeDeclined", attaching="generic_decline", charging="generic_decline"),
    Card("4000000000009995", "chargeDeclinedInsufficientFunds", attaching="insufficient_funds",
         charging="insufficient_funds"),
    Card("4000000000009987", "chargeDeclinedLostCard", attaching="lost_card", charging="lost_card"),
    Card("4000000000009979", "chargeDeclinedStolenCard", attaching="stolen_card", charging="stolen_card"),
    Card("4000000000000069", "chargeDeclinedExpiredCard", attaching="expired_card", charging="expired_card"),
    Card("4000000000000127", "chargeDeclinedIncorrectCvc", attaching="incorrect_cvc", charging="incorrect_cvc",
         cvc_fails=True),
    Card("4000000000000119", "chargeDeclinedProcessingError", attaching="processing_error",
         charging="processing_error"),
    Card("4100000000000019", "chargeDeclinedFraudulent", charging="fraudulent", risk="highest"),
    Card("4000000000000341", "chargeCustomerFail", charging="generic_decline"),
    Card("4000000000009235", "riskLevelElevated", risk="elevated"),
    Card("4000000000000259", "createDispute", disputed="fraudulent"),
    Card("4000000000002685", "createDisputeProductNotReceived", disputed="product_not_received"),
    Card("4000000000005126", "refundFail", refund_fails=True),
    Card("4000002500003155", "authenticationRequiredOnSetup", secure="once"),
    Card("4000002760003184", "authenticationRequired", secure="always"),
]  # fmt: skip
BY_NUMBER = {card.number: card for card in CARDS}
BY_NAME = {prefix + card.name: card for card in CARDS for prefix in ("tok_", "pm_card_")}
BY_NAME |= {"pm_card_threeDSecure2Required": BY_NUMBER["4000002760003184"]}
WORDS = {
    "generic_decline": "Your card was declined.",
    "fraudulent": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "lost_card": "Your card was declined.",
    "stolen_card": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
OWN_CODES = ("expired_card", "incorrect_cvc", "processing_error", "authentication_required")


def code_of(decline_code: str) -> str:
    """A few declines have an error code of their own."""
    return decline_code if decline_code in OWN_CODES else "card_declined"


def decline(decline_code: str, **more: object) -> StripeError:
    """What was tried stays recorded."""
    code = code_of(decline_code)
    own = decline_code in OWN_CODES and decline_code != "authentication_required"
    return StripeError(
        402, WORDS[decline_code], kind="card_error", code=code, decline_code=None if own else decline_code,
        keep=True, **more,
    )  # fmt: skip
