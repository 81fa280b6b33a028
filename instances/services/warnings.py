"""Mails about suspensions: foretold while an invoice is unpaid, then that it is so, then that it is over. Each once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from customers import readers
from customers.models import Customer, Invoice, Subscription
from instances.models import Deletion, Instance, Suspension
from instances.outlook import Outlook, outlooks
from ondemand import clock
from ondemand.money import Money
from ondemand.portal import values
from ondemand.tenancy.context import as_worker


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
        _tell_of_invoice(invoice, "invoice_unpaid", f"invoice-{invoice.pk}-unpaid-{invoice.step}", now)
        return True


def ask_to_confirm(invoice_id: int, *, now: datetime) -> bool:
    """The payer's bank asks for 3-D Secure: the invoice's page is mailed to the customer, once for each attempt."""
    with as_worker():
        invoice = Invoice.objects.to_confirm().select_for_update(of=("self",)).filter(pk=invoice_id).first()
        if invoice is None:
            return False
        Invoice.objects.filter(pk=invoice.pk).update(confirm_asked=invoice.attempts)
        _tell_of_invoice(invoice, "payment_to_confirm", f"invoice-{invoice.pk}-confirm-{invoice.attempts}", now)
        return True


def _tell_of_invoice(invoice: Invoice, template: str, key: str, now: datetime) -> None:
    customer = Customer.objects.select_related("partner").get(pk=invoice.customer_id)
    first, confirms = getattr(invoice, "step", None) == 0, template == "payment_to_confirm"
    context = {
        "number": str(invoice),
        "amount": Money(invoice.remaining, invoice.currency),
        "pay_url": invoice.page_url,
        "again_on": invoice.next_attempt_at and clock.business_day(invoice.next_attempt_at),
        "first": first,
        "outlook": _outlook_of(invoice, now),
    }
    said: dict[str, Any] = {"template": template, "context": context, "now": now}
    if not (first and invoice.needs_action):  # how to confirm it says the same
        readers.tell(key, customer, readers.billing(customer), for_partner=False, **said)
    if not confirms:
        readers.tell(key, customer, readers.partner_money(customer.partner_id), for_partner=True, **said)


def _due(now: datetime) -> Any:
    suspended = Suspension.objects.open().filter(
        cause=Suspension.Cause.UNPAID,
        customer_id=OuterRef("customer_id"),
        instance__subscription__stripe_id=OuterRef("subscription_stripe_id"),
    )
    return Invoice.objects.to_warn(now).exclude(Exists(suspended))


def _outlook_of(invoice: Invoice, now: datetime) -> Outlook | None:
    mine = Subscription.objects.filter(customer_id=invoice.customer_id, stripe_id=invoice.subscription_stripe_id)
    return next(iter(outlooks(mine.with_suspension_date(), now=now).values()), None)


def why(instance: Instance, causes: set[str]) -> str:
    """In the language that is active."""
    if Suspension.Cause.TERM_ENDED in causes:
        ends = Deletion.objects.ahead().filter(instance=instance).values_list("delete_on", flat=True).first()
        told = _("The subscription has ended. Your data can be had from your account until %(date)s: %(url)s")
        return told % {"date": values.day_text(ends) if ends else "…", "url": f"{settings.ONDEMAND_URL}/account/"}
    if Suspension.Cause.UNPAID in causes:
        return _("An invoice is unpaid.")
    return _("Openbravo has suspended this instance.")


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
            "why": lazy(why, str)(instance, causes),
            "unpaid": Suspension.Cause.UNPAID in causes,
            "pay_url": Invoice.objects.unpaid_of(instance.subscription).page_to_pay(),
            "partner": customer.partner,
        },
        now=now,
    )
