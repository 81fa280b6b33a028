"""What Stripe says of subscriptions, invoices and refunds, fetched again and written by Stripe's ids.

Callers hold the object's lock and the worker's transaction (see the inbox).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import Count, Model, Q, Sum

from customers.models import Assignment, Customer, Invoice, InvoiceLine, InvoicePayment, Refund, Subscription
from ondemand.gateway import billing, checkout
from ondemand.gateway.errors import NotFound
from ondemand.inbox import NotYetKnown
from partners.models import Plan

Row = TypeVar("Row", bound=Model)
KINDS = ("customer", "subscription", "invoice", "refund")
METERS = {
    "stripe_base_price": InvoiceLine.Meter.BASE,
    "stripe_user_price": InvoiceLine.Meter.USERS,
    "stripe_terminal_price": InvoiceLine.Meter.TERMINALS,
    "stripe_gb_price": InvoiceLine.Meter.DISK,
}


def sync(kind: str, stripe_id: str, now: datetime) -> None:
    """Fetch one object and write it. Raises NotYetKnown where its customer or invoice is not here yet."""
    of_kind = {
        "customer": sync_card,
        "subscription": sync_subscription,
        "invoice": sync_invoice,
        "refund": sync_refund,
    }
    of_kind[kind](stripe_id)


def sync_card(stripe_id: str) -> None:
    """A card that was changed at the portal becomes the subscriptions' own, and pays what is open.

    The portal opens for our customers alone: of a sign-up that was not finished there is nothing to wait for.
    """
    customer = Customer.objects.filter(stripe_id=stripe_id).first()
    card = checkout.chosen_card(stripe_id) if customer else ""
    if customer is None or not card:
        return
    for subscription in Subscription.objects.live().filter(customer=customer):
        checkout.use_card(subscription.stripe_id, card)
    for invoice in Invoice.objects.filter(customer_id=customer.pk, state=Invoice.State.OPEN, remaining__gt=0):
        checkout.pay_invoice(invoice.stripe_id, card)


def sync_subscription(stripe_id: str) -> None:
    facts = billing.fetch_subscription(stripe_id)
    customer = _customer(facts.customer)
    write_subscription(customer, facts)
    recount(customer)


def write_subscription(customer: Customer, facts: billing.SubscriptionFacts) -> Subscription:
    plan = Plan.objects.filter(stripe_base_price=facts.price).first()
    if plan is None:
        raise NotYetKnown(f"no plan has the price {facts.price}")
    row = Subscription(
        partner_id=customer.partner_id,
        stripe_id=facts.id,
        customer=customer,
        product_id=plan.product_id,
        plan=plan,
        state=facts.state,
        started_at=facts.started_at,
        anchor=facts.anchor,
        period_start=facts.period_start,
        period_end=facts.period_end,
        cancel_at=facts.cancel_at,
        ended_at=facts.ended_at,
    )
    return _upsert(Subscription, [row], but=["next_payment_attempt"])[0]


def sync_invoice(stripe_id: str) -> None:
    """An invoice with its lines and payments. A draft that Stripe deleted becomes void here."""
    try:
        facts = billing.fetch_invoice(stripe_id)
    except NotFound:
        Invoice.objects.filter(stripe_id=stripe_id).update(state=Invoice.State.VOID)
        return
    customer = _customer(facts.customer)
    invoice = _write_invoice(customer, facts)
    _write_lines(invoice, facts)
    _write_payments(invoice, facts)
    Subscription.objects.filter(stripe_id=facts.subscription).update(
        next_payment_attempt=None if facts.state == Invoice.State.PAID else facts.next_attempt_at
    )
    recount(customer)


def _write_invoice(customer: Customer, facts: billing.InvoiceFacts) -> Invoice:
    """Its assignment is the one in force when it was made, and stays."""
    values = {
        "subscription_stripe_id": facts.subscription,
        "number": facts.number,
        "state": facts.state,
        "currency": facts.currency,
        "subtotal": facts.subtotal,
        "tax": facts.tax,
        "total": facts.total,
        "due": facts.due,
        "paid": facts.paid,
        "remaining": facts.remaining,
        "created_at": facts.created_at,
        "effective_at": facts.effective_at,
        "paid_at": facts.paid_at,
        "attempts": facts.attempts,
        "next_attempt_at": facts.next_attempt_at,
        "page_url": facts.page_url,
        "pdf_url": facts.pdf_url,
    }
    known = Invoice.objects.filter(stripe_id=facts.id).first()
    if known:
        for name, value in values.items():
            setattr(known, name, value)
        known.save(update_fields=list(values))
        return known
    assignment = _assignment(customer, facts.created_at)
    return Invoice.objects.create(
        partner_id=assignment.partner_id,
        customer_id=customer.pk,
        assignment=assignment,
        stripe_id=facts.id,
        **values,
    )


def _assignment(customer: Customer, at: datetime) -> Assignment:
    """In force at an instant; the first where it is earlier, as the subscription begins before its completion here."""
    all_of_them = Assignment.objects.filter(customer=customer)
    found = all_of_them.filter(Q(until=None) | Q(until__gt=at), since__lte=at).first()
    return found or all_of_them.earliest("since")


def _write_lines(invoice: Invoice, facts: billing.InvoiceFacts) -> None:
    prices = _prices([line.price for line in facts.lines])
    rows = []
    for position, line in enumerate(facts.lines):
        plan, meter = prices.get(line.price, (None, InvoiceLine.Meter.OTHER))
        rows.append(
            InvoiceLine(
                partner_id=invoice.partner_id,
                stripe_id=line.id,
                customer_id=invoice.customer_id,
                invoice=invoice,
                position=position,
                product_id=plan.product_id if plan else None,
                plan=plan,
                meter=meter,
                description=line.description[:500],
                quantity=line.quantity,
                currency=line.currency,
                amount=line.amount,
                discount=line.discount,
                credit=line.credit,
                inclusive_tax=line.inclusive_tax,
                exclusive_tax=line.exclusive_tax,
                period_start=line.period_start,
                period_end=line.period_end,
                proration=line.proration,
                usage_cycle_id=line.usage_cycle,
                to_accrue=True,
            )
        )
    _upsert(InvoiceLine, rows)
    if facts.state == Invoice.State.DRAFT:
        gone = InvoiceLine.objects.filter(partner_id=invoice.partner_id, invoice=invoice)
        gone.exclude(stripe_id__in=[line.id for line in facts.lines]).delete()


def _write_payments(invoice: Invoice, facts: billing.InvoiceFacts) -> None:
    rows = [
        InvoicePayment(
            partner_id=invoice.partner_id,
            stripe_id=payment.id,
            customer_id=invoice.customer_id,
            invoice=invoice,
            payment_intent=payment.payment_intent,
            state=payment.state,
            currency=payment.currency,
            amount=payment.amount,
            paid_at=payment.paid_at,
        )
        for payment in facts.payments
    ]
    _upsert(InvoicePayment, rows)


def _upsert(model: type[Row], rows: list[Row], *, but: Sequence[str] = ()) -> list[Row]:
    """By Stripe's id, in one statement; what Stripe says now replaces what it said before, `but` some fields."""
    key = ["partner", "stripe_id"]
    changed = [field.name for field in model._meta.concrete_fields if field.name not in ("id", *key, *but)]
    return model._default_manager.bulk_create(rows, update_conflicts=True, unique_fields=key, update_fields=changed)


def _prices(ids: list[str]) -> dict[str, tuple[Plan | None, str]]:
    """Which plan and meter each of Stripe's prices is."""
    wanted = set(filter(None, ids))
    of_them = Q()
    for field in METERS:
        of_them |= Q(**{f"{field}__in": wanted})
    return {
        getattr(plan, field): (plan, meter)
        for plan in Plan.objects.filter(of_them)
        for field, meter in METERS.items()
        if getattr(plan, field) in wanted
    }


def sync_refund(stripe_id: str) -> None:
    facts = billing.fetch_refund(stripe_id)
    payment = InvoicePayment.objects.filter(payment_intent=facts.payment_intent).select_related("invoice").first()
    if not facts.payment_intent or payment is None:
        raise NotYetKnown(f"no invoice was paid by {facts.payment_intent or 'that charge'}")
    Refund.objects.update_or_create(
        partner_id=payment.partner_id,
        stripe_id=facts.id,
        defaults={
            "customer_id": payment.customer_id,
            "invoice": payment.invoice,
            "currency": facts.currency,
            "amount": facts.amount,
            "state": facts.state,
            "created_at": facts.created_at,
            "to_accrue": True,
        },
    )
    recount(Customer.objects.get(pk=payment.customer_id))


def _customer(stripe_id: str) -> Customer:
    customer = Customer.objects.filter(stripe_id=stripe_id).first()
    if customer is None:
        raise NotYetKnown(f"no customer is {stripe_id}")
    return customer


def recount(customer: Customer) -> None:
    """Write the totals and the payment status that lists show and sort by."""
    unpaid = Count("pk", filter=Q(state=Invoice.State.OPEN, remaining__gt=0))
    issued = Invoice.objects.filter(customer_id=customer.pk).issued()
    sums = issued.aggregate(invoiced=Sum("total"), paid=Sum("paid"), unpaid=unpaid)
    refunded = Refund.objects.filter(customer_id=customer.pk, state=Refund.State.SUCCEEDED).aggregate(sum=Sum("amount"))
    Customer.objects.filter(pk=customer.pk).update(
        invoiced=sums["invoiced"] or 0,
        paid=sums["paid"] or 0,
        refunded=refunded["sum"] or 0,
        state=_payment_status(customer, sums["unpaid"]),
    )


def _payment_status(customer: Customer, unpaid: int) -> str:
    states = set(Subscription.objects.filter(customer=customer).values_list("state", flat=True))
    if states & {Subscription.State.PAST_DUE, Subscription.State.UNPAID}:
        return Customer.State.PAST_DUE
    if states and states <= set(Subscription.ENDED):
        return Customer.State.CANCELLED
    return Customer.State.DUE if unpaid else Customer.State.PAID
