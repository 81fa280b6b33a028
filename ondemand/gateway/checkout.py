"""The customer and the card: hosted Checkout, and the billing portal for a changed card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import stripe

from ondemand.gateway.client import id_of, metadata_of, stripe_call


@dataclass(frozen=True)
class Session:
    """A Checkout session. `status` is open, complete or expired; `url` empty once it is not open."""

    id: str
    url: str
    status: str
    paid: bool
    customer: str
    subscription: str
    reference: str


@dataclass(frozen=True)
class CardFacts:
    """The card that a subscription began with. `risk` is Stripe's word for the first payment: normal, elevated,
    highest, not_assessed; empty where nothing was to pay."""

    country: str
    fingerprint: str
    risk: str


def create_customer(
    *, name: str, email: str, country: str, vat_number: str, language: str, reference: str, key: str
) -> str:
    """A customer's id at Stripe; `vat_number` must have been checked, as it names EU VAT alone."""
    params: stripe.params.CustomerCreateParams = {
        "name": name,
        "email": email,
        "address": {"country": country},
        "preferred_locales": [language],
        "metadata": {"signup": reference},
    }
    if vat_number:
        params["tax_id_data"] = [{"type": "eu_vat", "value": vat_number}]
    with stripe_call() as client:
        return client.v1.customers.create(params, {"idempotency_key": key}).id


def delete_customer(id: str) -> None:
    """For good, with cards and tax ids; what was invoiced Stripe keeps. Raises NotFound the second time."""
    with stripe_call() as client:
        client.v1.customers.delete(id)


def open_session(
    *,
    customer: str,
    price: str,
    reference: str,
    success_url: str,
    cancel_url: str,
    anchor: datetime,
    expires_at: datetime,
    language: str,
    key: str,
) -> Session:
    """Checkout for one subscription to `price`, whose cycles begin at `anchor`; the time up to it is prorated."""
    params: stripe.params.checkout.SessionCreateParams = {
        "mode": "subscription",
        "customer": customer,
        "client_reference_id": reference,
        "metadata": {"signup": reference},
        "line_items": [{"price": price, "quantity": 1}],
        "payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": False},
        "billing_address_collection": "auto",
        "customer_update": {"address": "auto", "name": "never"},  # docs/adr/0008
        "automatic_tax": {"enabled": True},
        "success_url": success_url,
        "cancel_url": cancel_url,
        "expires_at": int(expires_at.timestamp()),
        "locale": language,
        "subscription_data": {
            "billing_mode": {"type": "flexible"},
            "billing_cycle_anchor": int(anchor.timestamp()),
            "proration_behavior": "create_prorations",
            "metadata": {"signup": reference},
        },
    }
    with stripe_call() as client:
        return _session(client.v1.checkout.sessions.create(params, {"idempotency_key": key}))


def fetch_session(id: str) -> Session:
    with stripe_call() as client:
        return _session(client.v1.checkout.sessions.retrieve(id))


def expire_session(id: str) -> Session:
    """The session as it is afterwards: one that was completed meanwhile stays complete."""
    session = fetch_session(id)
    if session.status != "open":
        return session
    with stripe_call() as client:
        return _session(client.v1.checkout.sessions.expire(id))


def fetch_card(subscription: str) -> CardFacts:
    with stripe_call() as client:
        found = client.v1.subscriptions.retrieve(
            subscription, {"expand": ["default_payment_method", "latest_invoice.payments"]}
        )
        method, invoice = found.default_payment_method, found.latest_invoice
        card = method.card if isinstance(method, stripe.PaymentMethod) else None
        payments = invoice.payments if isinstance(invoice, stripe.Invoice) else None
        paid = [id_of(each.payment.payment_intent) for each in (payments.data if payments else [])]
        risk = _risk_of(client, paid[0]) if paid else ""
    return CardFacts(country=(card and card.country) or "", fingerprint=(card and card.fingerprint) or "", risk=risk)


def _risk_of(client: stripe.StripeClient, payment_intent: str) -> str:
    charge = client.v1.payment_intents.retrieve(payment_intent, {"expand": ["latest_charge"]}).latest_charge
    outcome = charge.outcome if isinstance(charge, stripe.Charge) else None
    return (outcome and outcome.risk_level) or ""


def was_declined(customer: str, *, since: datetime) -> bool:
    """Whether the last card that was tried since then failed."""
    with stripe_call() as client:
        tried = client.v1.charges.list({"customer": customer, "limit": 1, "created": {"gte": int(since.timestamp())}})
    return bool(tried.data) and tried.data[0].status == "failed"


def _session(session: stripe.checkout.Session) -> Session:
    return Session(
        id=session.id,
        url=session.url or "",
        status=session.status or "",
        paid=session.payment_status in ("paid", "no_payment_required"),
        customer=id_of(session.customer),
        subscription=id_of(session.subscription),
        reference=session.client_reference_id or "",
    )


def open_billing_portal(*, customer: str, return_url: str) -> str:
    """The address where the customer changes the card; it allows neither cancelling nor a change of plan."""
    with stripe_call() as client:
        session = client.v1.billing_portal.sessions.create(
            {"customer": customer, "return_url": return_url, "configuration": _configuration()}
        )
        return session.url


@dataclass(frozen=True)
class CustomerFacts:
    """`card`: the payment method that was chosen at the portal; empty while it is the one from Checkout.
    `balance`, in minor units: what the next invoice takes besides (negative: what it gives)."""

    card: str
    balance: int


def fetch_customer(id: str) -> CustomerFacts:
    with stripe_call() as client:
        found = client.v1.customers.retrieve(id)
    settings = found.invoice_settings
    return CustomerFacts(id_of(settings.default_payment_method) if settings else "", found.balance or 0)


def use_card(subscription: str, card: str) -> None:
    """Checkout gave the subscription a default of its own, which comes before the customer's."""
    with stripe_call() as client:
        if id_of(client.v1.subscriptions.retrieve(subscription).default_payment_method) != card:
            client.v1.subscriptions.update(subscription, {"default_payment_method": card})


def pay_invoice(invoice: str, card: str) -> bool:
    """Charge an open invoice to the card, once; False where it is declined, or paid already."""
    with stripe_call() as client:
        try:
            client.v1.invoices.pay(invoice, {"payment_method": card}, {"idempotency_key": f"{invoice}-{card}-changed"})
        except (stripe.CardError, stripe.InvalidRequestError):
            return False
    return True


@lru_cache(maxsize=1)
def _configuration() -> str:
    params: stripe.params.billing_portal.ConfigurationCreateParams = {
        "features": {
            "payment_method_update": {"enabled": True},
            "invoice_history": {"enabled": True},
            "customer_update": {"enabled": False},
            "subscription_cancel": {"enabled": False},
        },
        "metadata": {"ondemand": "card"},
    }
    with stripe_call() as client:
        for known in client.v1.billing_portal.configurations.list({"active": True, "limit": 100}).data:
            if metadata_of(known.metadata).get("ondemand") == "card":
                return known.id
        return client.v1.billing_portal.configurations.create(params, {"idempotency_key": "portal-card"}).id
