"""The Dashboard: what a partner sees first, in five seconds. Figures lead to the list behind them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from babel.dates import format_skeleton, format_timedelta
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _
from django.views import View

from customers.models import Customer, Invoice, Subscription
from customers.tables import TONES
from customers.views.risk import unpaid_of
from ondemand import charts, clock, figures
from ondemand.figures import Change
from ondemand.portal import values
from ondemand.scopes import partner_id_of, require_role, sees_instances, sees_money
from partners.models import BankAccount
from payments.balances import balances
from payments.models import Payment
from payments.views import payable_note
from signup.pages import campaigns_of

Shown = dict[str, Any]
ON_ITS_WAY = (Payment.State.APPROVED, Payment.State.SENDING)


class Dashboard(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        require_role(request, None)
        return render(request, "dashboard.html", context_of(request))


def context_of(request: HttpRequest) -> Shown:
    """What the template names; without money figures for members who meet none."""
    partner_id, now = partner_id_of(request), clock.now()
    today, instances = clock.business_day(now), sees_instances(request)
    counted = figures.counts(partner_id, today)
    funnel = figures.funnel(partner_id, now, today)
    shown: Shown = {
        "figures": list(count_figures(counted, instances)),
        "attention": [*attention(counted, instances), *suspensions_ahead(partner_id)],
        "funnel": funnel_drawing(funnel),
        "funnel_note": boot_note(funnel.boot_seconds),
        "newest": [newest(customer) for customer in figures.newest_customers(partner_id)],
        "newest_url": reverse("customers"),
        "sign_up_pages": [sign_up_page(campaign) for campaign in campaigns_of(partner_id)],
    }
    return add_money(shown, request, today) if sees_money(request) else shown


def add_money(shown: Shown, request: HttpRequest, today: date) -> Shown:
    partner_id = partner_id_of(request)
    months = figures.commission_by_month(partner_id, today)
    shown["figures"] += money_figures(figures.recurring(partner_id, clock.now()), months, today)
    shown["charts"] = [year_of(currency, amounts, today) for currency, amounts in months.items()]
    shown["charts_url"] = reverse("commissions")
    shown["next_payments"] = list(next_payments(partner_id, today))
    shown["attention"] += bank_attention(partner_id)
    return shown


def count_figures(counted: figures.Counts, instances: bool) -> Iterator[Shown]:
    yield figure(_("Customers"), values.number(counted.customers.now), counted.customers, reverse("customers"))
    running = f"{reverse('instances')}?state=running" if instances else reverse("customers")
    yield figure(_("Running instances"), values.number(counted.running.now), counted.running, running)


def figure(label: str, value: str, change: Change, url: str) -> Shown:
    """A count against the beginning of the month."""
    grown = change.now - change.before
    delta = f"{grown:+d}".replace("-", "−") if grown else "±0"
    return {"label": label, "value": value, "url": url, "note": _("this month"), "delta": delta, **trend(change)}


def trend(change: Change) -> dict[str, str]:
    if change.now == change.before:
        return {"trend": "same", "delta_kind": "calm"}
    risen = change.now > change.before
    return {"trend": "rise" if risen else "fall", "delta_kind": "good" if risen else "bad"}


def money_figures(recurring: dict[str, Change], months: dict[str, dict[date, int]], today: date) -> list[Shown]:
    this, last = clock.month_start(today), clock.months_after(clock.month_start(today), -1)
    earned = {code: Change(found.get(this, 0), found.get(last, 0)) for code, found in months.items()}
    of_month = f"{reverse('commissions')}?month={this.isoformat()}"
    return [
        money_figure(_("Monthly recurring revenue"), recurring, reverse("customers"), _("{amount} a month ago")),
        money_figure(_("Commission this month"), earned, of_month, _("{amount} last month")),
    ]


def money_figure(label: str, sums: dict[str, Change], url: str, before: str) -> Shown:
    """One value per currency, the greatest first; the change is of that one. Currencies never add up."""
    if not sums:
        return {"label": label, "value": values.NOTHING, "url": url, "note": _("nothing yet")}
    ordered = sorted(sums.items(), key=lambda pair: -pair[1].now)
    currency, change = ordered[0]
    return {
        "label": label,
        "value": values.money(change.now, currency),
        "more": [values.money(other.now, code) for code, other in ordered[1:]],
        "url": url,
        "note": before.format(amount=values.money(change.before, currency)),
        "delta": share(change),
        **trend(change),
    }


def share(change: Change) -> str:
    """The change in whole per cent; nothing to compare with gives none."""
    if change.before <= 0:
        return ""
    per_cent = (change.now - change.before) * 100 // change.before
    return _("%(share)s%%") % {"share": f"{per_cent:+d}".replace("-", "−")}


def year_of(currency: str, amounts: dict[date, int], today: date) -> Shown:
    """Twelve months with this one last, each beside the same month a year before."""
    locale = to_locale(get_language() or "en")
    months = [clock.months_after(clock.month_start(today), -count) for count in reversed(range(12))]
    began = min(amounts)
    points = [
        charts.Point(
            format_skeleton("MMM", month, locale=locale),
            amounts.get(month, 0) if month >= began else None,
            amounts.get(earlier, 0) if (earlier := clock.months_after(month, -12)) >= began else None,
        )
        for month in months
    ]
    short, exact = charts.money_draw(currency)
    title = _("Commission by month, {currency}").format(currency=currency)
    return {"title": title, "drawing": charts.year_chart(points, title=title, short=short, exact=exact)}


def next_payments(partner_id: int, today: date) -> Iterator[Shown]:
    """What is on its way; else, per currency, what a payment can be made of, and from which day."""
    on_their_way = Payment.objects.for_partner(partner_id).filter(state__in=ON_ITS_WAY).order_by("approved_at", "pk")
    for payment in on_their_way[:3]:
        yield {
            "amount": values.money(payment.amount, payment.currency),
            "date": payment.approved_at,
            "note": payment.get_state_display(),
            "url": payment.get_absolute_url(),
        }
    for balance in balances(partner_id, today=today):
        yield {
            "amount": values.money(balance.ready or balance.payable, balance.currency),
            "date": balance.ready_on,
            "note": payable_note(balance, today) if balance.ready_on in (None, today) else "",
            "url": reverse("payments"),
        }


def attention(counted: figures.Counts, instances: bool) -> Iterator[tuple[str, str, str]]:
    if counted.past_due:
        text = ngettext("%(count)d customer is past due", "%(count)d customers are past due", counted.past_due)
        yield "bad", text % {"count": counted.past_due}, f"{reverse('customers')}?state=past_due"
    if counted.leaving:
        text = ngettext("%(count)d customer is leaving", "%(count)d customers are leaving", counted.leaving)
        yield "warn", text % {"count": counted.leaving}, f"{reverse('customers')}?leaving=yes"
    if counted.failing and instances:
        text = ngettext("%(count)d instance failed to boot", "%(count)d instances failed to boot", counted.failing)
        yield "bad", text % {"count": counted.failing}, f"{reverse('instances')}?state=failed"


def suspensions_ahead(partner_id: int) -> list[tuple[str, str, str]]:
    """The next of those that are unpaid."""
    open_invoices = Invoice.objects.for_partner(partner_id).unpaid().values("subscription_stripe_id")
    rows = Subscription.objects.filter(partner_id=partner_id, stripe_id__in=open_invoices).select_related("customer")
    return [
        ("bad", f"{row.customer}: {outlook}", row.customer.get_absolute_url()) for row, outlook in unpaid_of(rows)[:3]
    ]


def bank_attention(partner_id: int) -> list[tuple[str, str, str]]:
    ready = BankAccount.objects.filter(partner_id=partner_id, replaced_at=None, transfers_enabled=True)
    if ready.exists():
        return []
    return [("warn", _("Set up your bank account: payments wait for it"), reverse("payments"))]


def funnel_drawing(found: figures.Funnel) -> Any:
    steps = [
        (_("Page visits"), found.visits),
        (_("Started"), found.started),
        (_("Card accepted"), found.accepted),
        (_("Running"), found.running),
    ]
    return charts.funnel(steps, number=values.number)


def boot_note(seconds: int | None) -> str:
    if seconds is None:
        return ""
    language = to_locale(get_language() or "en")
    length = format_timedelta(timedelta(seconds=seconds), threshold=2, locale=language)
    return _("Half of the instances were running within {length}.").format(length=length)


def newest(customer: Customer) -> Shown:
    count = ngettext("%(count)d instance", "%(count)d instances", customer.instances) % {"count": customer.instances}
    return {
        "name": customer.name,
        "url": customer.get_absolute_url(),
        "note": f"{customer.plan} · {count}",
        "state": customer.get_state_display(),
        "tone": TONES[Customer.State(customer.state)],
    }


def sign_up_page(campaign: Any) -> Shown:
    return {
        "label": campaign.product.name,
        "url": campaign.url,
        "qr_url": reverse("sign-up-page-qr", args=[campaign.pk, "svg"]),
        "page_url": f"{reverse('sign-up-pages')}#page-{campaign.pk}",
    }
