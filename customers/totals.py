"""The totals and the payment status of a customer, which lists show and sort by."""

from __future__ import annotations

from django.db.models import Sum

from customers.models import CreditNote, Customer, Invoice, Refund, Subscription


def recount(customer: Customer) -> None:
    """The totals are of the customer's own currency: others are never added to them (money.md, Representation)."""
    own = {"customer_id": customer.pk, "currency": customer.currency}
    issued = Invoice.objects.filter(**own).issued()
    sums = issued.aggregate(invoiced=Sum("total"), paid=Sum("paid"))
    refunded = Refund.objects.filter(**own, state=Refund.State.SUCCEEDED).aggregate(sum=Sum("amount"))
    notes = CreditNote.objects.filter(**own, state=CreditNote.State.ISSUED)
    Customer.objects.filter(pk=customer.pk).update(
        invoiced=sums["invoiced"] or 0,
        paid=sums["paid"] or 0,
        refunded=refunded["sum"] or 0,
        credited=notes.aggregate(sum=Sum("amount"))["sum"] or 0,
        state=_payment_status(customer),
    )


def _payment_status(customer: Customer) -> str:
    states = set(Subscription.objects.filter(customer=customer).values_list("state", flat=True))
    if states & {Subscription.State.PAST_DUE, Subscription.State.UNPAID}:
        return Customer.State.PAST_DUE
    if states and states <= set(Subscription.ENDED):
        return Customer.State.CANCELLED
    unpaid = Invoice.objects.filter(customer_id=customer.pk).unpaid()
    return Customer.State.DUE if unpaid.exists() else Customer.State.PAID
