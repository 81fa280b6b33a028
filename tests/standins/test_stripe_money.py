"""The balance, refunds, disputes, connected accounts and transfers."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.standins.stripe_process import DAY, Standin
from tests.standins.stripe_shop import Shop


def paid(standin: Standin, card: str = "pm_card_visa", amount: int = 10000) -> stripe.Charge:
    given: Any = {"amount": amount, "currency": "eur", "payment_method": card, "confirm": True}
    return standin.v1.charges.retrieve(str(standin.v1.payment_intents.create(given).latest_charge))


def funds(standin: Standin, **options: Any) -> tuple[int, int]:
    """Available and pending."""
    found = standin.v1.balance.retrieve(None, options)  # type: ignore[arg-type]
    return found.available[0].amount, found.pending[0].amount


def connected(standin: Standin) -> str:
    made = standin.v1.accounts.create(
        {"type": "express", "country": "ES", "capabilities": {"transfers": {"requested": True}}}
    )
    link = standin.v1.account_links.create(
        {"account": made.id, "type": "account_onboarding", "return_url": "https://a.example/",
         "refresh_url": "https://a.example/again"}
    )  # fmt: skip
    assert "IBAN" in standin.submit(link.url, iban="no").text
    assert standin.submit(link.url, iban="ES9121000418450200051332").status == 303
    assert standin.submit(link.url, iban="ES9121000418450200051332").headers["Location"] == "https://a.example/again"
    return made.id


def test_a_charge_less_its_fee_is_pending_and_then_available(standin: Standin) -> None:
    standin.begin(days_ago=10)
    paid(standin)
    assert funds(standin) == (0, 10000 - 175)
    standin.advance(3 * DAY)
    assert funds(standin) == (10000 - 175, 0)
    assert standin.v1.events.list({"type": "balance.available"}).data


def test_one_test_card_is_available_at_once(standin: Standin) -> None:
    paid(standin, "pm_card_bypassPending")
    assert funds(standin) == (9825, 0)


def test_a_transfer_needs_the_capability_and_the_money(standin: Standin) -> None:
    unready = standin.v1.accounts.create({"type": "express", "country": "ES"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        standin.v1.transfers.create({"amount": 1, "currency": "eur", "destination": unready.id})
    assert refused.value.code == "insufficient_capabilities_for_transfer"
    partner = connected(standin)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        standin.v1.transfers.create({"amount": 1, "currency": "eur", "destination": partner})
    assert (refused.value.code, refused.value.http_status) == ("balance_insufficient", 400)


def test_a_transfer_arrives_and_is_paid_out_to_the_bank(standin: Standin) -> None:
    standin.begin(days_ago=20)
    partner = connected(standin)
    paid(standin, "pm_card_bypassPending")
    sent = standin.v1.transfers.create(
        {"amount": 4000, "currency": "eur", "destination": partner, "transfer_group": "payment_1"}
    )
    assert funds(standin) == (5825, 0)
    assert funds(standin, stripe_account=partner) == (4000, 0)
    assert [each.id for each in standin.v1.transfers.list({"transfer_group": "payment_1"}).data] == [sent.id]
    standin.advance(4 * DAY)
    payout = standin.v1.payouts.list(None, {"stripe_account": partner}).data[0]
    assert (payout.amount, payout.status, payout.automatic) == (4000, "paid", True)


def test_an_automatic_payout_says_what_it_is_made_of(standin: Standin) -> None:
    standin.begin(days_ago=20)
    partner = connected(standin)
    paid(standin, "pm_card_bypassPending")
    for amount in (1000, 2000):
        standin.v1.transfers.create({"amount": amount, "currency": "eur", "destination": partner})
    standin.advance(4 * DAY)
    there: Any = {"stripe_account": partner}
    payout = standin.v1.payouts.list(None, there).data[0].id
    found = standin.v1.balance_transactions.list({"payout": payout}, there).data
    assert sorted((txn.type, txn.net) for txn in found) == [("payment", 1000), ("payment", 2000), ("payout", -3000)]


def test_a_reversal_brings_money_back_and_never_more(standin: Standin) -> None:
    partner = connected(standin)
    paid(standin, "pm_card_bypassPending")
    sent = standin.v1.transfers.create({"amount": 4000, "currency": "eur", "destination": partner})
    standin.v1.transfers.reversals.create(sent.id, {"amount": 1500})
    after = standin.v1.transfers.retrieve(sent.id)
    assert (after.amount_reversed, after.reversed) == (1500, False)
    with pytest.raises(stripe.InvalidRequestError):
        standin.v1.transfers.reversals.create(sent.id, {"amount": 2501})
    standin.v1.transfers.reversals.create(sent.id)
    assert standin.v1.transfers.retrieve(sent.id).reversed
    assert funds(standin) == (9825, 0)


def test_refunds_add_up_to_the_charge_and_no_further(standin: Standin) -> None:
    charge = paid(standin)
    standin.v1.refunds.create({"charge": charge.id, "amount": 3000})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        standin.v1.refunds.create({"charge": charge.id, "amount": 7001})
    standin.v1.refunds.create({"charge": charge.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        standin.v1.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_already_refunded"
    assert standin.v1.charges.retrieve(charge.id).refunded


def test_a_refund_can_fail_afterwards(standin: Standin) -> None:
    standin.begin(days_ago=10)
    charge = paid(standin, "pm_card_refundFail")
    made = standin.v1.refunds.create({"charge": charge.id})
    assert made.status == "succeeded"
    standin.advance(60)
    assert standin.v1.refunds.retrieve(made.id).status == "failed"
    assert standin.v1.charges.retrieve(charge.id).amount_refunded == 0
    assert funds(standin)[1] + funds(standin)[0] == 9825


def test_a_dispute_takes_the_money_and_gives_it_back_when_won(standin: Standin) -> None:
    charge = paid(standin, "pm_card_createDispute")
    found = standin.v1.disputes.list({"charge": charge.id}).data[0]
    assert (found.status, found.amount) == ("needs_response", 10000)
    assert sum(funds(standin)) == 9825 - 10000 - 1500
    standin.v1.disputes.update(found.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert standin.v1.disputes.retrieve(found.id).status == "won"
    assert sum(funds(standin)) == 9825 - 1500


def test_money_can_come_back_after_a_dispute_was_lost(standin: Standin) -> None:
    charge = paid(standin)
    made = standin.control("disputes", {"charge": charge.id, "amount": 2500})
    standin.control("disputes", {"dispute": made["id"], "outcome": "lost"})
    before = sum(funds(standin))
    standin.control("disputes", {"dispute": made["id"], "outcome": "reinstated"})
    assert sum(funds(standin)) == before + 2500
    kinds = [each.type for each in standin.v1.events.list({"types": ["charge.dispute.funds_reinstated"]}).data]
    assert kinds == ["charge.dispute.funds_reinstated"]


def test_an_invoice_leads_to_its_charge_through_its_payments(standin: Standin) -> None:
    shop = Shop(standin)
    mine = shop.subscription(shop.customer())
    payment = standin.v1.invoice_payments.list({"invoice": str(mine.latest_invoice)}).data[0]
    assert (payment.status, payment.amount_paid) == ("paid", 9900)
    intent = str(payment.payment.payment_intent)
    found = standin.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent}}).data
    assert [each.id for each in found] == [payment.id]
    charge = standin.v1.charges.list({"payment_intent": intent}).data[0]
    assert charge.amount == 9900
