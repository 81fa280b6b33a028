"""The cycle so far and its price, as Stripe's preview has it: for the customer and for its partner alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.models import InvoiceLine, Subscription, UpcomingInvoice
from instances.models import Instance
from instances.views.usage import BASE_ONLY, lived_days
from ondemand import clock
from ondemand.portal import values
from ondemand.portal.detail import Fact, Facts


def upcoming_sections(subscriptions: Any) -> list[Facts]:
    """Of each live one of these subscriptions (a QuerySet) the invoice that its cycle will end with."""
    live = subscriptions.live().select_related("product", "plan").order_by("period_end", "pk")
    known = {each.subscription_id: each for each in UpcomingInvoice.objects.filter(subscription__in=live)}
    return [Facts(list(_facts(each, known.get(each.pk))), _("Next invoice, as it stands")) for each in live]


def _facts(subscription: Subscription, row: UpcomingInvoice | None) -> Iterator[Fact]:
    yield Fact(_("Product and plan"), f"{subscription.product} · {subscription.plan}")
    if row is None or row.fetched_at is None:
        yield Fact(_("Price so far"), gettext("Stripe has not computed it yet"))
        return
    if rests_throughout(subscription):
        yield Fact(_("Usage"), BASE_ONLY)
    for line in row.lines:
        yield Fact(_line_label(line), values.money(line["amount"], row.currency), help=_line_help(line))
    rest = row.subtotal - sum(line["amount"] for line in row.lines)
    for label, amount in (
        (_("Further lines"), rest),
        (_("Discount"), -row.discount),
        (_("Tax"), row.tax),
        (_("From your balance at Stripe"), row.due - row.total),
    ):
        if amount:
            yield Fact(label, values.money(amount, row.currency))
    day = values.day(clock.business_day(subscription.period_end))
    yield Fact(
        _("To pay"), values.money(row.due, row.currency), big=True, help="" if row.lines else _("Nothing is due")
    )
    yield Fact(_("On"), day, help=_("with what is used until then"))
    yield Fact(_("Computed by Stripe"), values.instant(row.fetched_at))


def rests_throughout(subscription: Subscription) -> bool:
    """All its instances were suspended on each day of the cycle so far."""
    at = clock.now()
    cycle = subscription.cycle_at(at)
    running = Instance.objects.live().filter(partner_id=subscription.partner_id, subscription=subscription)
    each = [row.suspensions.rest().holds_all(lived_days(row, cycle, at)) for row in running]
    return bool(each) and all(each)


def _line_label(line: dict[str, Any]) -> str:
    if line["meter"] == InvoiceLine.Meter.OTHER:
        return str(line["text"])
    return str(capfirst(InvoiceLine.Meter(line["meter"]).label))


def _line_help(line: dict[str, Any]) -> str:
    first, last = (clock.business_day(clock.instant(line[name])) for name in ("starts", "ends"))
    return f"{values.number(line['quantity'])} · {values.day_text(first)} – {values.day_text(last)}"
