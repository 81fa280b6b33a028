"""Whether what the product holds is what Stripe holds, to the last minor unit; and how much was made."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery, Sum

from commissions.models import Commission
from customers.models import Customer, Invoice, InvoiceLine, Refund, Subscription
from instances.models import Instance, UsageReading
from ondemand.demo.outside import Stripe
from ondemand.models import Mail, StripeEvent
from ondemand.tenancy.context import as_worker
from partners.models import Partner
from payments.models import Payment, PaymentLine
from signup.models import SignUp

COUNTED: tuple[type[Model], ...] = (Partner, Customer, Instance, UsageReading, Invoice, InvoiceLine, Commission)
BY_STATE: tuple[type[Model], ...] = (SignUp, Subscription, Payment, StripeEvent, Mail)
ISSUED = ("open", "paid", "uncollectible")


def problems() -> list[str]:
    """What does not agree, in words; nothing where all does."""
    stripe = Stripe(settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY)
    invoices = list(stripe.listed("/v1/invoices"))
    transfers = list(stripe.listed("/v1/transfers"))
    refunds = list(stripe.listed("/v1/refunds"))
    with as_worker():
        return [
            *_totals(invoices, refunds),
            *_invoices(invoices),
            *_transfers(transfers),
            *_commissions(),
            *_payments(),
            *_events(),
        ]


def _totals(invoices: list[dict[str, object]], refunds: list[dict[str, object]]) -> Iterator[str]:
    """Each customer's invoiced and paid; all that was refunded."""
    for customer in Customer.objects.all():
        theirs = [each for each in invoices if each["customer"] == customer.stripe_id and each["status"] in ISSUED]
        for name, ours in (("total", customer.invoiced), ("amount_paid", customer.paid)):
            if (at_stripe := _sum(theirs, name)) != ours:
                yield f"{customer.name}: {name} is {at_stripe} at Stripe and {ours} here"
    ours = Customer.objects.aggregate(sum=Sum("refunded"))["sum"] or 0
    if (at_stripe := _sum([each for each in refunds if each["status"] == "succeeded"], "amount")) != ours:
        yield f"refunded: {at_stripe} at Stripe and {ours} here"


def _invoices(invoices: list[dict[str, object]]) -> Iterator[str]:
    here = dict(Invoice.objects.annotate(lines_sum=Sum("lines__amount")).values_list("stripe_id", "lines_sum"))
    for each in invoices:
        if here.pop(str(each["id"]), None) != each["subtotal"]:
            yield f"the lines of invoice {each['id']} are not its subtotal here"
    yield from (f"Stripe has no invoice {id}" for id in here)


def _transfers(transfers: list[dict[str, object]]) -> Iterator[str]:
    sent = {str(each["transfer_group"]): each["amount"] for each in transfers}
    payments = Payment.objects.filter(sent_at__isnull=False)
    paid = {str(key): amount for key, amount in payments.values_list("key", "amount")}
    if sent != paid or len(sent) != len(transfers):
        yield f"Stripe's transfers {sent} are not the payments that were sent {paid}"


def _commissions() -> Iterator[str]:
    """Every paid line of a product has its row, and no other earning row exists."""
    paid = InvoiceLine.objects.filter(invoice__state=Invoice.State.PAID, product__isnull=False).exclude(amount=0)
    lacking = paid.exclude(pk__in=Commission.objects.filter(kind=Commission.Kind.EARNING).values("line_id"))
    yield from (f"line {line.stripe_id} is paid and has no commission" for line in lacking)
    yield from (f"line {line.stripe_id} was not looked at" for line in InvoiceLine.objects.filter(to_accrue=True))
    yield from (f"refund {refund.stripe_id} was not looked at" for refund in Refund.objects.filter(to_accrue=True))


def _payments() -> Iterator[str]:
    """Each is the sum of its lines, each line is its commission, and nothing is paid twice."""
    for payment in Payment.objects.annotate(lines_sum=Sum("lines__amount")):
        if payment.amount != payment.lines_sum:
            yield f"payment {payment.number} is {payment.amount}, its lines {payment.lines_sum}"
    of_row = Commission.objects.filter(pk=OuterRef("commission_id")).values("amount")
    for line in PaymentLine.objects.annotate(row=Subquery(of_row)):
        if line.amount != line.row:
            yield f"payment line {line.pk} is {line.amount}, its commission {line.row}"
    twice = PaymentLine.objects.filter(freed=False).values("commission_id").annotate(n=Count("pk")).filter(n__gt=1)
    yield from (f"commission {row['commission_id']} is in {row['n']} payments" for row in twice)


def _events() -> Iterator[str]:
    left = StripeEvent.objects.filter(state__in=[StripeEvent.State.WAITING, StripeEvent.State.DEAD])
    yield from (f"event {event.type} about {event.object_id} is {event.state}: {event.error}" for event in left)


def _sum(found: list[dict[str, object]], name: str) -> int:
    return sum(int(str(each[name])) for each in found)


def summary() -> str:
    """How much was made, in one line."""
    with as_worker():
        counts = [f"{_manager(model).count()} {model._meta.verbose_name_plural}" for model in COUNTED]
        return ", ".join([*counts, *(_by_state(model) for model in BY_STATE)])


def _by_state(model: type[Model]) -> str:
    counted = _manager(model).order_by("state").values_list("state").annotate(n=Count("pk"))
    return f"{model._meta.verbose_name_plural}: " + " ".join(f"{state} {n}" for state, n in counted)


def _manager(model: type[Model]) -> QuerySet:
    return model._default_manager.all()
