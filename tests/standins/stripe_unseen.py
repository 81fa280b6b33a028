"""Parameters that are accepted and do not show in the answer, each with its reason."""

from __future__ import annotations

WITH_ITEMS = "only matters where items change"
THREE_D, ON_ITEMS = "only matters for 3-D Secure", "shows in invoices and invoice items"
ON_SUBSCRIPTION, OF_PAGE = "shows on the subscription, after the page", "is for the hosted page"
UNSEEN = {
    ("POST /v1/prices", "transfer_lookup_key"): "only matters where another price has the key",
    ("POST /v1/payment_methods", "card[cvc]"): "is never shown",
    ("POST /v1/invoices", "pending_invoice_items_behavior"): "nothing is pending here",
    ("POST /v1/invoices/{invoice}/pay", "off_session"): THREE_D,
    ("POST /v1/invoices/create_preview", "preview_mode"): "next is what is done",
    ("POST /v1/credit_notes", "email_type"): "no mails are sent",
    ("POST /v1/coupons", "applies_to[products][0]"): "shows when it is expanded",
    ("POST /v1/checkout/sessions", "subscription_data[billing_mode][type]"): ON_SUBSCRIPTION,
    ("POST /v1/checkout/sessions", "subscription_data[description]"): ON_SUBSCRIPTION,
    ("POST /v1/checkout/sessions", "subscription_data[metadata][key]"): ON_SUBSCRIPTION,
    ("POST /v1/checkout/sessions", "subscription_data[invoice_settings][issuer]"): ON_SUBSCRIPTION,
    **{
        ("POST /v1/subscriptions", name): why
        for name, why in {
            "off_session": THREE_D,
            "payment_behavior": "only matters where the payment fails",
            "proration_behavior": "only matters with a later anchor",
            "trial_end": "now is no trial",
        }.items()
    },
    **{
        ("POST /v1/subscriptions/{subscription_exposed_id}", name): why
        for name, why in {
            "off_session": THREE_D,
            "payment_behavior": "only matters where the payment fails",
            "proration_behavior": WITH_ITEMS,
            "proration_date": WITH_ITEMS,
            "billing_cycle_anchor": "this cycle has just begun",
        }.items()
    },
    ("POST /v1/invoices/create_preview", "subscription_details[proration_behavior]"): WITH_ITEMS,
    ("POST /v1/invoices/create_preview", "subscription_details[proration_date]"): WITH_ITEMS,
    ("POST /v1/account_links", "type"): OF_PAGE,
    ("POST /v1/account_links", "collection_options[fields]"): OF_PAGE,
    ("POST /v1/account_links", "collection_options[future_requirements]"): OF_PAGE,
    ("POST /v1/account_links", "return_url"): OF_PAGE,
    ("POST /v1/account_links", "refresh_url"): OF_PAGE,
    ("POST /v1/webhook_endpoints", "connect"): "says what is delivered",
    ("POST /v1/subscriptions/{subscription_exposed_id}", "trial_end"): "now ends no trial where there is none",
    ("POST /v1/payment_intents/{intent}/confirm", "error_on_requires_action"): THREE_D,
    ("POST /v1/payment_intents/{intent}/confirm", "off_session"): THREE_D,
    ("POST /v1/payment_intents/{intent}/confirm", "return_url"): THREE_D,
    ("POST /v1/setup_intents/{intent}/confirm", "return_url"): THREE_D,
    ("POST /v1/tokens", "card[cvc]"): "is never shown",
    ("POST /v1/tokens", "bank_account[routing_number]"): "any bank will do",
    ("POST /v1/disputes/{dispute}", "submit"): "there is no evidence yet",
    ("POST /v1/invoices/{invoice}/remove_lines", "lines[0][behavior]"): "shows on the invoice item",
    ("GET /v1/credit_notes/preview", "email_type"): "no mails are sent",
    ("POST /v1/subscription_items", "proration_behavior"): ON_ITEMS,
    ("POST /v1/subscription_items/{item}", "proration_behavior"): WITH_ITEMS,
    ("POST /v1/subscription_items/{item}", "off_session"): THREE_D,
    ("DELETE /v1/subscriptions/{subscription_exposed_id}", "invoice_now"): ON_ITEMS,
    ("DELETE /v1/subscriptions/{subscription_exposed_id}", "prorate"): ON_ITEMS,
    ("POST /v1/subscriptions/{subscription}/migrate", "billing_mode[type]"): "flexible is all that one migrates to",
    ("POST /v1/subscriptions/{subscription}/resume", "billing_cycle_anchor"): "moments are not compared",
    ("POST /v1/accounts/{account}", "capabilities[transfers][requested]"): "was requested already",
    ("POST /v1/transfers/{id}/reversals", "description"): "a reversal shows none",
    ("POST /v1/accounts/{account}/external_accounts", "default_for_currency"): "the first one is it anyway",
}
