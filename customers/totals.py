"""The totals and the payment status of a customer, which lists show and sort by."""

from __future__ import annotations

from django.db.models import Count, Sum

from customers.models import CreditNote, Customer, Invoice, Refund, Subscription
from customers.models.billing import UNPAID


def recount(customer: Customer) -> None:
    unpaid = Count("pk", filter=UNPAID)
    issued = Invoice.objects.filter(customer_id=customer.pk).issued()
    sums = issued.aggregate(invoiced=Sum("total"), paid=Sum("paid"), unpaid=unpaid)
    refunded = Refund.objects.filter(customer_id=customer.pk, state=Refund.State.SUCCEEDED).aggregate(sum=Sum("amount"))
    notes = CreditNote.objects.filter(customer_id=customer.pk, state=CreditNote.State.ISSUED)
    Customer.objects.filter(pk=customer.pk).update(
        invoiced=sums["invoiced"] or 0,
        paid=sums["paid"] or 0,
        refunded=refunded["sum"] or 0,
        credited=notes.aggregate(sum=Sum("amount"))["sum"] or 0,
        state=_payment_status(customer, sums["unpaid"]),
    )


def _payment_status(customer: Customer, unpaid: int) -> str:
    states = set(Subscription.objects.filter(customer=customer).values_list("state", flat=True))
    if states & {Subscription.State.PAST_DUE, Subscription.State.UNPAID}:
        return Customer.State.PAST_DUE
    if states and states <= set(Subscription.ENDED):
        return Customer.State.CANCELLED
    return Customer.State.DUE if unpaid else Customer.State.PAID
