"""A customer's own account: instances, what they cost so far, invoices, card, another order, whom to ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views import View

from customers.models import Cancellation, Customer, Invoice, Person
from customers.support import SupportSession
from customers.tables import InvoiceTable, SubscriptionTable
from customers.views.corrections import correction_sections
from customers.views.customers import balance_facts
from customers.views.plan_facts import plan_sections
from customers.views.risk import Notice, card_sections, unpaid_notices
from customers.views.upcoming import upcoming_sections
from instances.models import Instance, UsageCycle
from instances.tables import TONES
from instances.views.stops import deletion_notices, deletion_of, stop_facts
from ondemand import clock
from ondemand.clock import now
from ondemand.portal import values
from ondemand.portal.detail import Fact, Facts, Rows, first_rows
from ondemand.scopes import (
    MONEY,
    PERSON_BILLING,
    PERSON_OWNER,
    PERSON_TECHNICAL,
    TenantRequest,
    require_person,
)
from partners.models import Campaign, Partner
from signup.models import SignUp


def customer_of(request: HttpRequest) -> Customer:
    """Whose account it is. 403 for who is neither the customer's person nor a member of its partner within it."""
    if helper := helper_here(request):
        token = helper.token
        return get_object_or_404(Customer, pk=token.customer_id, partner_id=token.partner_id, support_allowed=True)
    person = person_here(request)
    return get_object_or_404(Customer, pk=person.customer_id)


def helper_here(request: HttpRequest) -> SupportSession | None:
    """The partner's member who is in this account to help."""
    return cast(TenantRequest, request).support


def person_here(request: HttpRequest) -> Person:
    person = cast(TenantRequest, request).person
    if person is None:
        raise PermissionDenied
    return person


def sees_account_money(request: HttpRequest) -> bool:
    if helper := helper_here(request):
        return helper.member.role in MONEY
    return person_here(request).role in PERSON_BILLING


class Account(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        customer, partner = customer_of(request), Partner.objects.first()
        helper = helper_here(request)
        role = "" if helper else person_here(request).role
        money = sees_account_money(request)
        context = {
            "title": customer.name,
            "notices": [
                *notices(customer, may_pay=role in PERSON_BILLING),
                *deletion_notices(customer.pk),
                *endings(customer, owner=role in PERSON_OWNER),
            ],
            "instances": instances_of(customer, money=money, helper=bool(helper))
            if helper or role in PERSON_TECHNICAL
            else None,
            "sections": [
                subscriptions(customer),
                *plan_sections(customer.subscriptions.all(), may_change=role in PERSON_BILLING),
                *(bills(customer) if money else []),
                *accepted_terms(customer),
            ],
            "portal_action": reverse("account-card") if role in PERSON_BILLING else "",
            "order_url": reverse("account-order") if role in PERSON_OWNER and campaigns_of(customer).exists() else "",
            "leaving": leaving(customer) if role in PERSON_OWNER else [],
            "partner": partner,
            "help_url": "" if helper else reverse("account-help"),
        }
        return render(request, "customers/account.html", context)


def notices(customer: Customer, *, may_pay: bool) -> list[Notice]:
    if unpaid := unpaid_notices(customer, may_pay=may_pay):
        return unpaid
    if customer.state != Customer.State.PAST_DUE:
        return []
    return [("bad", _("Your last payment failed. Change the card, so that your instances keep running."), "", "")]


def endings(customer: Customer, *, owner: bool) -> Iterator[tuple[str, str, str, str]]:
    """What ends, by the customer's word or by what Stripe says; who may undo it is led there."""
    cancelled = dict(Cancellation.objects.open().filter(customer=customer).values_list("subscription", "ends_at"))
    for each in customer.subscriptions.live().select_related("product", "plan").order_by("pk"):
        if at := cancelled.get(each.pk, each.cancel_at):
            names = {"plan": f"{each.product} · {each.plan}", "day": values.day_text(clock.business_day(at))}
            url = reverse("account-cancel", args=[each.pk]) if owner else ""
            yield "warn", _("%(plan)s ends on %(day)s.") % names, url, _("What will still be billed, and how to stay")


def leaving(customer: Customer) -> list[tuple[str, str]]:
    """Of what goes on, where to cancel it."""
    ending = Cancellation.objects.open().filter(customer=customer).values("subscription")
    going_on = customer.subscriptions.live().filter(cancel_at=None).exclude(pk__in=ending)
    rows = going_on.select_related("product", "plan").order_by("pk")
    return [(f"{each.product} · {each.plan}", reverse("account-cancel", args=[each.pk])) for each in rows]


def instances_of(customer: Customer, *, money: bool, helper: bool) -> list[dict[str, Any]]:
    """Without the amounts for support members, who meet no money figures (design.md section 2)."""
    at = now()
    rows = Instance.objects.live().filter(customer=customer).priced(at).select_related("product", "plan")
    used: dict[int, list[UsageCycle]] = {}
    for cycle in UsageCycle.objects.filter(customer_id=customer.pk).at(at).order_by("-meter"):
        used.setdefault(cycle.instance_id, []).append(cycle)
    return [instance_card(row, used.get(row.pk, []), money, helper) for row in rows.order_by("name", "pk")]


def instance_card(row: Any, cycles: list[UsageCycle], money: bool, helper: bool) -> dict[str, Any]:
    running = row.state == Instance.State.RUNNING
    meters = (meter_fact(cycle, money) for cycle in cycles)
    foretold = None if helper else deletion_of(row)
    return {
        "pk": row.pk,
        "name": row.name,
        "usage_url": reverse("account-usage", args=[row.pk]),
        "address": row.address,
        "state": row.get_state_display(),
        "tone": TONES.get(row.state, "calm"),
        "facts": [
            (_("Product and plan"), f"{row.product} · {row.plan}"),
            *((fact.label, fact.value) for fact in stop_facts(row)),
            *meters,
        ],
        "price": values.money(row.price, row.plan.currency) if money and row.price is not None else "",
        "open_action": reverse("account-open", args=[row.pk]) if running else "",
        "backup_action": reverse("account-backup", args=[row.pk]) if foretold and foretold.backed_up_at else "",
    }


def meter_fact(cycle: UsageCycle, money: bool) -> tuple[str, str]:
    text = _("{peak} at most, {included} included: {amount}") if money else _("{peak} at most, {included} included")
    shown = text.format(
        peak=values.number(cycle.peak),
        included=values.number(cycle.included),
        amount=values.money(cycle.amount, cycle.currency),
    )
    return capfirst(cycle.get_meter_display()), shown


def subscriptions(customer: Customer) -> Rows:
    rows = customer.subscriptions.select_related("product", "plan")
    return Rows(_("Subscriptions"), first_rows(SubscriptionTable, rows, 50))


def bills(customer: Customer) -> list[Facts | Rows]:
    balance = list(balance_facts(customer))
    return [
        *card_sections(customer),
        *upcoming_sections(customer.subscriptions.all()),
        *([Facts(balance)] if balance else []),
        invoices(customer),
        *correction_sections(customer),
    ]


def invoices(customer: Customer) -> Rows:
    rows = Invoice.objects.filter(customer_id=customer.pk).exclude(state=Invoice.State.DRAFT)
    return Rows(_("Invoices"), first_rows(InvoiceTable, rows, 36), _("The first invoice comes with the first month."))


def accepted_terms(customer: Customer) -> list[Facts]:
    """Which version was accepted with each order, and when."""
    orders = SignUp.objects.filter(customer_id=customer.pk).only("terms_version", "terms_accepted_at", "username")
    facts = [Fact(each.username, accepted(each)) for each in orders.order_by("terms_accepted_at", "pk")]
    return [Facts(facts, title=_("Terms that you accepted"))] if facts else []


def accepted(order: SignUp) -> str:
    links = {kind: reverse(kind, args=[order.terms_version]) for kind in ("terms", "privacy")}
    return format_html(
        '{}, {}: <a href="{}">{}</a>, <a href="{}">{}</a>',
        order.terms_version,
        values.instant(order.terms_accepted_at),
        links["terms"],
        _("terms of service"),
        links["privacy"],
        _("privacy notice"),
    )


def campaigns_of(customer: Customer) -> QuerySet[Campaign]:
    mine = Campaign.objects.open().filter(partner_id=customer.partner_id)
    return mine.select_related("product").order_by("product__name", "pk")


def order(request: HttpRequest) -> HttpResponse:
    """To the sign-up page, which knows who is signed in; where there are several, a choice."""
    require_person(request, PERSON_OWNER)
    pages = list(campaigns_of(customer_of(request)))
    if len(pages) == 1:
        return redirect(pages[0].path)
    return render(request, "customers/account_choice.html", {"pages": pages})
