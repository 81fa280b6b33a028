"""Warnings about cards and payments, each mailed once: a column of the row is claimed with the mail, in one statement.

Of several that are due the newest alone is mailed, however late the run.
"""

from __future__ import annotations

from datetime import datetime

from customers import readers
from customers.models import Customer, Invoice, Subscription
from ondemand import clock
from ondemand.money import Money
from ondemand.tenancy.context import as_worker


def warn_of_card(subscription_id: int, *, now: datetime) -> bool:
    """Its card ends within 30 or 7 days: to the billing contact and the partner. False where nothing was due."""
    with as_worker():
        due = Subscription.objects.card_to_warn(clock.business_day(now)).select_for_update(of=("self",))
        row = due.select_related("customer__partner").filter(pk=subscription_id).first()
        if row is None:
            return False
        Subscription.objects.filter(pk=row.pk).update(card_warned=row.step)
        readers.tell_both(
            f"subscription-{row.pk}-card-{row.step}",
            row.customer,
            template="card_ends",
            context={"card": row.card_text, "ends": row.card_ends},
            now=now,
            amounts=True,
        )
        return True


def ask_to_confirm(invoice_id: int, *, now: datetime) -> bool:
    """The payer's bank asks for 3-D Secure: the invoice's page is mailed once for each attempt to charge."""
    with as_worker():
        invoice = Invoice.objects.to_confirm().select_for_update(of=("self",)).filter(pk=invoice_id).first()
        if invoice is None:
            return False
        Invoice.objects.filter(pk=invoice.pk).update(confirm_asked=invoice.attempts)
        customer = Customer.objects.select_related("partner").get(pk=invoice.customer_id)
        readers.tell(
            f"invoice-{invoice.pk}-confirm-{invoice.attempts}",
            customer,
            readers.billing(customer),
            for_partner=False,
            template="payment_to_confirm",
            context={
                "number": str(invoice),
                "amount": Money(invoice.remaining, invoice.currency),
                "pay_url": invoice.page_url,
            },
            now=now,
        )
        return True
