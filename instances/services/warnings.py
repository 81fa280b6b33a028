"""Mails about suspensions: foretold while an invoice is unpaid, then that it is so, then that it is over. Each once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Exists, OuterRef

from customers import readers
from customers.models import Customer, Invoice, Subscription
from instances.models import Brake, Instance, Suspension
from ondemand import clock
from ondemand.money import Money
from ondemand.tenancy.context import as_worker


@dataclass(frozen=True)
class Outlook:
    """When instances are suspended: on a day, or, while the brake is closed, not before it (`certain` is False).

    Without a day that lies ahead it may happen at any time.
    """

    day: date | None
    certain: bool


def outlook(subscription: Subscription | None, *, now: datetime) -> Outlook | None:
    """Of one that is unpaid. None where nothing will be suspended for it."""
    live = subscription and subscription.state not in Subscription.ENDED
    at = getattr(subscription, "suspends_at", None)
    if not live or at is None or not settings.SUSPEND_UNPAID:
        return None
    return Outlook(clock.business_day(at) if at > now else None, certain=not Brake.objects.in_force().exists())


def to_warn(now: datetime) -> list[int]:
    """Unpaid invoices with a warning that is due; once an instance is suspended for one, that was the last."""
    with as_worker():
        return list(_due(now).order_by("pk").values_list("pk", flat=True))


def warn_of_invoice(invoice_id: int, *, now: datetime) -> bool:
    """The newest step of the ladder that is due, to the billing contact and the partner. False where none is."""
    with as_worker():
        invoice = _due(now).select_for_update(of=("self",)).filter(pk=invoice_id).first()
        if invoice is None:
            return False
        Invoice.objects.filter(pk=invoice.pk).update(warned=invoice.step)
        customer = Customer.objects.select_related("partner").get(pk=invoice.customer_id)
        readers.tell_both(
            f"invoice-{invoice.pk}-unpaid-{invoice.step}",
            customer,
            template="invoice_unpaid",
            context={
                "number": str(invoice),
                "amount": Money(invoice.remaining, invoice.currency),
                "pay_url": invoice.page_url,
                "again_on": invoice.next_attempt_at and clock.business_day(invoice.next_attempt_at),
                "first": invoice.step == 0,
                "outlook": outlook(_subscription_of(invoice), now=now),
            },
            now=now,
            amounts=True,
        )
        return True


def _due(now: datetime):  # type: ignore[no-untyped-def]
    suspended = Suspension.objects.open().filter(
        cause=Suspension.Cause.UNPAID,
        customer_id=OuterRef("customer_id"),
        instance__subscription__stripe_id=OuterRef("subscription_stripe_id"),
    )
    return Invoice.objects.to_warn(now).exclude(Exists(suspended))


def _subscription_of(invoice: Invoice) -> Subscription | None:
    mine = Subscription.objects.filter(customer_id=invoice.customer_id, stripe_id=invoice.subscription_stripe_id)
    found: Subscription | None = mine.with_suspension_date().first()
    return found


def tell_suspended(instance: Instance, *, now: datetime) -> None:
    """Once the provider has confirmed it. The caller holds the instance's row."""
    rows = Suspension.objects.open().filter(partner_id=instance.partner_id, instance=instance, told=False)
    causes = {row.pk: row.cause for row in rows}
    if causes:
        rows.update(told=True)
        _tell(instance, "instance_suspended", f"suspension-{min(causes)}", now, causes=set(causes.values()))


def tell_resumed(instance: Instance, *, now: datetime) -> None:
    """Of whose suspension was told. The caller holds the instance's row."""
    rows = Suspension.objects.filter(partner_id=instance.partner_id, instance=instance, told=True, told_over=False)
    over = list(rows.filter(closed_at__isnull=False).values_list("pk", flat=True))
    if over:
        Suspension.objects.filter(pk__in=over).update(told_over=True)
        _tell(instance, "instance_resumed", f"suspension-{min(over)}-over", now, causes=set())


def _tell(instance: Instance, template: str, key: str, now: datetime, *, causes: set[str]) -> None:
    customer = Customer.objects.select_related("partner").get(pk=instance.customer_id)
    readers.tell_both(
        key,
        customer,
        template=template,
        context={
            "instance": instance,
            "unpaid": Suspension.Cause.UNPAID in causes,
            "pay_url": Invoice.objects.unpaid_of(instance.subscription).page_to_pay(),
            "partner": customer.partner,
        },
        now=now,
    )
