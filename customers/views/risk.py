"""What follows from an unpaid invoice, and when: for the customer and for its partner."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from customers.models import Customer, Invoice, Subscription
from instances.outlook import Outlook, outlooks
from ondemand.clock import now
from ondemand.portal import values
from ondemand.portal.detail import Fact, Facts

Notice = tuple[str, str, str, str]  # kind, text, url, its label


def with_suspension_date(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """With `suspends_at`, before which none of their instances is suspended; NULL where none will be."""
    mine = Subscription.objects.live().filter(partner_id=OuterRef("partner_id"), customer_id=OuterRef("pk"))
    dates = mine.with_suspension_date().order_by("suspends_at").values("suspends_at")[:1]
    known = Subquery(dates) if settings.SUSPEND_UNPAID else Value(None)
    return customers.annotate(suspends_at=Cast(known, DateTimeField()))


def unpaid_of(subscriptions: Any) -> list[tuple[Subscription, Outlook]]:
    """Of these (a QuerySet) the unpaid ones, the next to be suspended first."""
    rows = list(subscriptions.live().with_suspension_date().filter(suspends_at__isnull=False).order_by("suspends_at"))
    found = outlooks(rows, now=now())
    return [(row, found[row.pk]) for row in rows if row.pk in found]


def unpaid_notices(customer: Customer, *, may_pay: bool) -> list[Notice]:
    """In the customer's own account."""
    notices = []
    for row, outlook in unpaid_of(customer.subscriptions):
        url = Invoice.objects.unpaid_of(row).page_to_pay() if may_pay else ""
        text = _("An invoice of %(product)s is unpaid.") % {"product": row.product}
        notices.append(("bad", f"{text} {outlook}", url, _("Pay it") if url else ""))
    return notices


def risk_of(customer: Customer, *, money: bool) -> dict[str, Any] | None:
    """On the partner's page of a customer."""
    unpaid = unpaid_of(customer.subscriptions)
    if not unpaid:
        return None
    rows = Invoice.objects.unpaid().filter(customer_id=customer.pk, partner_id=customer.partner_id)
    first = rows.order_by("effective_at", "pk").first()
    owed = rows.aggregate(sum=Sum("remaining"))["sum"] or 0
    return {
        "failed_on": first and first.effective_at,
        "amount": values.money(owed, customer.currency) if money else "",
        "next_try": first and first.next_attempt_at,
        "suspension": str(unpaid[0][1]),
    }


def card_sections(customer: Customer) -> list[Facts]:
    """What the next invoices are paid with, and until when it is good."""
    cards = customer.subscriptions.live().filter(card_ends__isnull=False).order_by("card_ends")
    shown = {row.card_text: row.card_ends for row in cards}
    facts = [Fact(text, _("ends on %(month)s") % {"month": f"{day:%m/%Y}"}) for text, day in shown.items() if day]
    return [Facts(facts, _("Card"))] if facts else []
