"""Stripe's published test cards, each doing what its page says."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.standins.stripe_process import Standin
from tests.standins.stripe_shop import Shop


def pay(standin: Standin, card: str, **more: Any) -> stripe.PaymentIntent:
    given: Any = {"amount": 5000, "currency": "eur", "payment_method": card, "confirm": True, **more}
    return standin.v1.payment_intents.create(given)


def kinds(standin: Standin) -> list[str]:
    return [event.type for event in standin.v1.events.list({"limit": 100}).data]


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
        ("pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ],
)
def test_a_declined_card_says_why(standin: Standin, card: str, code: str, decline_code: str | None) -> None:
    with pytest.raises(stripe.CardError) as declined:
        pay(standin, card)
    error = declined.value.error
    assert error and error.payment_intent
    assert (declined.value.code, getattr(error, "decline_code", None)) == (code, decline_code)
    intent = standin.v1.payment_intents.retrieve(error.payment_intent.id)
    assert intent.last_payment_error
    assert (intent.status, intent.last_payment_error.code) == ("requires_payment_method", code)
    assert standin.v1.charges.retrieve(str(intent.latest_charge)).status == "failed"


def test_cards_have_their_country_and_brand(standin: Standin) -> None:
    for name, brand, country in (
        ("pm_card_es", "visa", "ES"),
        ("pm_card_jcb", "jcb", "US"),
        ("pm_card_us", "visa", "US"),
    ):
        method = standin.v1.payment_methods.retrieve(str(pay(standin, name).payment_method)).card
        assert method
        assert (method.brand, method.country) == (brand, country)


def test_an_inquiry_takes_no_money_until_it_is_escalated(standin: Standin) -> None:
    charge = str(pay(standin, "pm_card_createDisputeInquiry").latest_charge)
    inquiry = standin.v1.disputes.list({"charge": charge}).data[0]
    assert (inquiry.status, inquiry.balance_transactions, inquiry.is_charge_refundable) == (
        "warning_needs_response", [], True,
    )  # fmt: skip
    assert inquiry.payment_method_details and inquiry.payment_method_details.card
    assert inquiry.payment_method_details.card.case_type == "inquiry"
    standin.v1.refunds.create({"charge": charge, "amount": 100})
    standin.v1.disputes.update(inquiry.id, {"evidence": {"uncategorized_text": "escalate_inquiry_evidence"}})
    after = standin.v1.disputes.retrieve(inquiry.id)
    assert (after.status, [txn.net for txn in after.balance_transactions]) == ("needs_response", [-6500])
    with pytest.raises(stripe.InvalidRequestError) as refused:
        standin.v1.refunds.create({"charge": charge})
    assert refused.value.code == "charge_disputed"


def test_an_inquiry_that_is_answered_closes_without_a_chargeback(standin: Standin) -> None:
    charge = str(pay(standin, "pm_card_createDisputeInquiry").latest_charge)
    inquiry = standin.v1.disputes.list({"charge": charge}).data[0]
    standin.v1.disputes.update(inquiry.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert standin.v1.disputes.retrieve(inquiry.id).status == "warning_closed"


def test_evidence_is_staged_until_it_is_submitted(standin: Standin) -> None:
    charge = str(pay(standin, "pm_card_createDisputeProductNotReceived").latest_charge)
    found = standin.v1.disputes.list({"charge": charge}).data[0]
    assert found.reason == "product_not_received"
    staged: Any = {"evidence": {"uncategorized_text": "losing_evidence"}, "submit": False}
    assert standin.v1.disputes.update(found.id, staged).status == "needs_response"
    assert standin.v1.disputes.update(found.id, {"submit": True}).status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        standin.v1.disputes.update(found.id, staged)


def test_one_card_is_disputed_twice(standin: Standin) -> None:
    charge = str(pay(standin, "pm_card_createMultipleDisputes").latest_charge)
    assert sum(each.amount for each in standin.v1.disputes.list({"charge": charge}).data) == 5000


def test_a_refund_can_wait_before_it_succeeds(standin: Standin) -> None:
    standin.begin(days_ago=10)
    charge = str(pay(standin, "pm_card_pendingRefund").latest_charge)
    made = standin.v1.refunds.create({"charge": charge})
    assert made.status == "pending"
    standin.advance(60)
    assert standin.v1.refunds.retrieve(made.id).status == "succeeded"
    assert {"refund.created", "refund.updated", "charge.refund.updated"} <= set(kinds(standin))


def test_a_card_set_up_elsewhere_asks_on_session_alone(standin: Standin) -> None:
    card = "pm_card_authenticationRequiredSetupForOffSession"
    owner = Shop(standin).customer(card)
    method = standin.v1.customers.payment_methods.list(owner).data[0].id
    assert pay(standin, method, customer=owner, off_session=True).status == "succeeded"
    assert pay(standin, method, customer=owner).status == "requires_action"


def test_a_card_can_be_declined_after_it_was_authenticated(standin: Standin) -> None:
    card = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"
    waiting = pay(standin, card, return_url="https://shop.example/")
    assert waiting.next_action and waiting.next_action.redirect_to_url
    standin.submit(str(waiting.next_action.redirect_to_url.url), action="authenticate")
    after = standin.v1.payment_intents.retrieve(waiting.id)
    assert after.last_payment_error
    assert (after.status, after.last_payment_error.decline_code) == ("requires_payment_method", "insufficient_funds")


def test_a_check_that_fails_is_shown_and_the_payment_succeeds(standin: Standin) -> None:
    charge = standin.v1.charges.retrieve(str(pay(standin, "pm_card_cvcCheckFail").latest_charge))
    assert charge.payment_method_details and charge.payment_method_details.card
    assert charge.payment_method_details.card.checks
    assert charge.payment_method_details.card.checks.cvc_check == "fail"
