"""What Stripe has and the stand-in has not, of our nouns (of all: python -m ondemand.standins.stripe --lacking)."""

from __future__ import annotations

import re

from ondemand.standins.stripe import core, server  # noqa: F401  server declares every operation

NOUNS = (
    "account account_links accounts balance balance_transactions billing_portal charges checkout coupons credit_notes "
    "customers disputes events invoice_payments invoiceitems invoices payment_intents payment_methods payouts prices "
    "products promotion_codes refunds setup_intents subscription_items subscription_schedules subscriptions tax_ids "
    "tax_rates tokens topups transfers webhook_endpoints"
).split()
REASONS = {
    r"/accounts/\{account\}/(persons|unreject)": "an account's people are asked for on the hosted page alone",
    r"/cash_balance|/funding_instructions|/apply_customer_balance": "bank transfers",
    r"/customers/\{customer\}/sources": "cards before payment methods",
    r"/verify_microdeposits": "bank debits",
    r"/increment_authorization|/amount_details_line_items": "payments in person, and line items for card networks",
    r"/products/\{product\}/features": "entitlements",
    r"/subscription_schedules": "subscriptions change when they are told to",
}


def test_of_the_nouns_that_we_use_little_is_lacking_and_each_for_a_reason() -> None:
    ours = [each for each in core.lacking() if each.split("/")[2] in NOUNS]
    assert [each for each in ours if not any(re.search(reason, each) for reason in REASONS)] == []
    assert [reason for reason in REASONS if not any(re.search(reason, each) for each in ours)] == []
