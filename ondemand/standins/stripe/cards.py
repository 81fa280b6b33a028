"""Stripe's published test cards: their numbers, their tok_ and pm_card_ names, what each one does."""

from __future__ import annotations

from typing import NamedTuple

from ondemand.standins.stripe.errors import StripeError


class Card(NamedTuple):
    number: str
    name: str  # tok_NAME, pm_card_NAME; some have a number alone
    brand: str = "visa"
    declined: str = ""  # the decline code when it is charged, and when it is attached
    attaches: bool = False  # although it is declined when it is charged
    secure: str = ""  # 3-D Secure: "always", "once" (until a payment or set-up saves it), "on_session"
    country: str = "US"
    funding: str = "credit"
    disputes: tuple[str, ...] = ()  # the reasons of the disputes that follow a payment
    inquiry: bool = False  # they are inquiries: no money moves
    risk: str = "normal"
    at_once: bool = False  # the money is available without a wait
    refund: str = ""  # how a refund goes: "fails" after a while, "waits" before it succeeds
    fails: tuple[str, ...] = ()  # the checks that fail: cvc, address_line1, address_postal_code


CARDS = [
    Card("4242424242424242", "visa"),
    Card("4000056655665556", "visa_debit", funding="debit"),
    Card("5555555555554444", "mastercard", "mastercard"),
    Card("2223003122003222", "", "mastercard"),
    Card("5200828282828210", "mastercard_debit", "mastercard", funding="debit"),
    Card("5105105105105100", "mastercard_prepaid", "mastercard", funding="prepaid"),
    Card("378282246310005", "amex", "amex"),
    Card("371449635398431", "", "amex"),
    Card("6011111111111117", "discover", "discover"),
    Card("3056930009020004", "diners", "diners"),
    Card("3566002020360505", "jcb", "jcb"),
    Card("6200000000000005", "unionpay", "unionpay"),
    Card("4000000000000077", "bypassPending", at_once=True),
    Card("4000003720000278", "bypassPendingInternational", at_once=True, country="IE"),
    Card("4000000000000002", "chargeDeclined", declined="generic_decline"),
    Card("4000000000009995", "chargeDeclinedInsufficientFunds", declined="insufficient_funds"),
    Card("4000000000009987", "chargeDeclinedLostCard", declined="lost_card"),
    Card("4000000000009979", "chargeDeclinedStolenCard", declined="stolen_card"),
    Card("4000000000000069", "chargeDeclinedExpiredCard", declined="expired_card"),
    Card("4000000000000127", "chargeDeclinedIncorrectCvc", declined="incorrect_cvc", fails=("cvc",)),
    Card("4000000000000119", "chargeDeclinedProcessingError", declined="processing_error"),
    Card("4000000000006975", "chargeDeclinedVelocityLimitExceeded", declined="card_velocity_exceeded"),
    Card("4000000000000341", "chargeCustomerFail", declined="generic_decline", attaches=True),
    Card("4100000000000019", "radarBlock", declined="fraudulent", attaches=True, risk="highest"),
    Card("4000000000004954", "riskLevelHighest", declined="fraudulent", attaches=True, risk="highest"),
    Card("4000000000009235", "riskLevelElevated", risk="elevated"),
    Card("4000000000000101", "cvcCheckFail", fails=("cvc",)),
    Card("4000000000000036", "avsZipFail", fails=("address_postal_code",)),
    Card("4000000000000028", "avsLine1Fail", fails=("address_line1",)),
    Card("4000000000000010", "avsFail", fails=("address_line1", "address_postal_code")),
    Card("4000000000000259", "createDispute", disputes=("fraudulent",)),
    Card("4000000000002685", "createDisputeProductNotReceived", disputes=("product_not_received",)),
    Card("4000000000001976", "createDisputeInquiry", disputes=("fraudulent",), inquiry=True),
    Card("4000000404000079", "createMultipleDisputes", disputes=("fraudulent", "product_not_received")),
    Card("4000000000005126", "refundFail", refund="fails"),
    Card("4000000000007726", "pendingRefund", refund="waits"),
    Card("4000002500003155", "authenticationRequiredOnSetup", secure="once"),
    Card("4000002760003184", "authenticationRequired", secure="always"),
    Card("4000003800000446", "authenticationRequiredSetupForOffSession", secure="on_session"),
    Card("4000008260003178", "authenticationRequiredChargeDeclinedInsufficientFunds", secure="always",
         declined="insufficient_funds", attaches=True),
    Card("4000000000003220", "threeDSecure2Required", secure="always", country="IE"),
    Card("4000000000003063", "threeDSecureRequired", secure="always"),
    Card("4000008400001629", "threeDSecureRequiredChargeDeclined", secure="always", declined="generic_decline",
         attaches=True),
    Card("4000008400001280", "threeDSecureRequiredProcessingError", declined="processing_error", attaches=True),
    Card("4000000000003055", "threeDSecureOptional"),
]  # fmt: skip
COUNTRIES = {
    "us": "4242424242424242", "ar": "4000000320000021", "br": "4000000760000002", "ca": "4000001240000000",
    "mx": "4000004840008001", "at": "4000000400000008", "be": "4000000560000004", "bg": "4000001000000000",
    "hr": "4000001910000009", "cy": "4000001960000008", "cz": "4000002030000002", "dk": "4000002080000001",
    "ee": "4000002330000009", "fi": "4000002460000001", "fr": "4000002500000003", "de": "4000002760000016",
    "gr": "4000003000000030", "hu": "4000003480000005", "ie": "4000003720000005", "it": "4000003800000008",
    "lv": "4000004280000005", "li": "4000004380000004", "lt": "4000004400000000", "lu": "4000004420000006",
    "mt": "4000004700000007", "nl": "4000005280000002", "no": "4000005780000007", "pl": "4000006160000005",
    "pt": "4000006200000007", "ro": "4000006420000001", "si": "4000007050000006", "sk": "4000007030000001",
    "es": "4000007240000007", "se": "4000007520000008", "ch": "4000007560000009", "gb": "4000008260000000",
    "au": "4000000360000006", "jp": "4000003920000003", "nz": "4000005540000008", "sg": "4000007020000003",
}  # fmt: skip
CARDS += [Card(number, name, country=name.upper()) for name, number in COUNTRIES.items() if name != "us"]
BY_NUMBER = {card.number: card for card in CARDS}
ALSO = {"us": "visa", "chargeDeclinedFraudulent": "radarBlock"}
ALSO |= {"visa_" + card.name: card.name for card in CARDS if card.name.startswith("chargeDeclined")}
_BY_NAME = {card.name: card for card in CARDS if card.name}
_BY_NAME |= {name: _BY_NAME[same] for name, same in ALSO.items()}
BY_NAME = {prefix + name: card for name, card in _BY_NAME.items() for prefix in ("tok_", "pm_card_")}
WORDS = {
    "generic_decline": "Your card was declined.",
    "fraudulent": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "lost_card": "Your card was declined.",
    "stolen_card": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "card_velocity_exceeded": "Your card was declined for making repeated attempts too frequently or exceeding its "
    "amount limit.",
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
