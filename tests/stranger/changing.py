"""Changes as somebody makes them at Stripe: money back, a dispute that is lost, an invoice void, one paid late."""

from __future__ import annotations

import stripe

from tests.stranger.portal import Zone

GOOD, DISPUTED = "pm_card_visa", "pm_card_createDispute"


def change(zone: Zone) -> list[str]:
    """What was done, in words. Each to another customer that pays, as far as there are so many."""
    v1 = zone.stripe.v1
    paying = [str(each.customer) for each in v1.subscriptions.list({"status": "active", "limit": 100}).data]
    assert paying, f"{zone.name} has no customer that pays"
    done = []
    for n, act in enumerate((_refund, _void, _pay_late, _dispute)):
        customer = paying[n % len(paying)]
        done.append(f"{zone.name}: {act(zone, customer)} of {customer}")
    return done


def _refund(zone: Zone, customer: str) -> str:
    v1 = zone.stripe.v1
    invoices = v1.invoices.list({"customer": customer, "status": "paid", "expand": ["data.payments"]}).data
    [intent] = [_intent(each) for each in invoices if _intent(each)][:1]
    left = v1.payment_intents.retrieve(intent, {"expand": ["latest_charge"]}).latest_charge
    assert isinstance(left, stripe.Charge)
    amount = (left.amount - left.amount_refunded) // 3
    v1.refunds.create({"payment_intent": intent, "amount": amount})
    return f"{amount} cents refunded"


def _intent(invoice: stripe.Invoice) -> str:
    payments = invoice.payments.data if invoice.payments else []
    return str(payments[0].payment.payment_intent) if payments and invoice.parent else ""


def _void(zone: Zone, customer: str) -> str:
    invoice = _billed(zone, customer, 1500)
    zone.stripe.v1.invoices.void_invoice(invoice)
    return "an invoice made and voided"


def _pay_late(zone: Zone, customer: str) -> str:
    zone.stripe.v1.invoices.pay(_billed(zone, customer, 2500), {"payment_method": _card(zone, customer, GOOD)})
    return "an invoice made and paid later"


def _dispute(zone: Zone, customer: str) -> str:
    """Stripe's own test card, whose payment is disputed at once; accepting a dispute loses it."""
    v1 = zone.stripe.v1
    v1.invoices.pay(_billed(zone, customer, 3500), {"payment_method": _card(zone, customer, DISPUTED)})
    dispute = v1.disputes.list({"limit": 1}).data[0]
    v1.disputes.close(dispute.id)
    return "a payment disputed and lost"


def _card(zone: Zone, customer: str, name: str) -> str:
    return zone.stripe.v1.payment_methods.attach(name, {"customer": customer}).id


def _billed(zone: Zone, customer: str, amount: int) -> str:
    """An open invoice of its own."""
    v1 = zone.stripe.v1
    currency = {"EU": "eur", "US": "usd"}[zone.name]
    invoice = v1.invoices.create({"customer": customer, "auto_advance": False, "currency": currency}).id
    v1.invoice_items.create({"customer": customer, "invoice": invoice, "currency": currency, "amount": amount})
    v1.invoices.finalize_invoice(invoice, {"auto_advance": False})
    return invoice
