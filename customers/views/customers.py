"""The Customers screen: the list, and one customer with all that belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.db.models import Min, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from commissions.models import Commission
from commissions.tables import CustomersCommissionTable
from customers.filters import CustomerFilter
from customers.models import Cancellation, Customer, HelpRequest, Invoice, LoginToken, Subscription
from customers.tables import (
    TONES,
    CustomersWithoutApps,
    CustomersWithoutMoney,
    CustomerTable,
    HelpTable,
    InvoiceTable,
    LoginTable,
    SubscriptionTable,
)
from customers.views.corrections import correction_sections
from customers.views.plan_facts import plan_sections
from customers.views.risk import card_sections, risk_of, with_suspension_date
from customers.views.upcoming import upcoming_sections
from instances.models import Instance
from instances.tables import CustomersInstanceTable
from ondemand.clock import business_day, now
from ondemand.portal import values
from ondemand.portal.detail import DetailScreen, Fact, Facts, Rows, first_rows
from ondemand.portal.exports import Column
from ondemand.scopes import EVERYONE, SUPPORT, TenantRequest, partner_id_of, sees_instances, sees_money
from ondemand.screens import PartnerList, by_role, country_name
from payments.states import with_state

BASICS = [
    Column("id", "pk"),
    Column("customer", "name"),
    Column("contact", "contact_name"),
    Column("email", "contact_email"),
    Column("state", "state"),
    Column("plan", "plan__name"),
    Column("acquired", "acquired_at", "date"),
    Column("instances", "instances", "number"),
    Column("ends_on", "ends_at", "date"),
    Column("suspends", "suspends_at", "date"),
]
MONEY = [
    Column("invoiced", "invoiced", "money"),
    Column("paid", "paid", "money"),
    Column("currency", "currency"),
]


ENDING = Subscription.objects.ending().filter(partner_id=OuterRef("partner_id"), customer_id=OuterRef("pk"))


class CustomerList(PartnerList):
    title = _("Customers")
    kicker = _("Support")
    roles = EVERYONE
    table_class = CustomerTable
    filter_class = CustomerFilter
    totals = [(_("Instances"), "instances"), (_("Invoiced"), "invoiced"), (_("Paid"), "paid")]
    tabs = [(_("Past due"), "state=past_due"), (_("Leaving"), "leaving=yes"), (_("Cancelled"), "state=cancelled")]
    export = [*BASICS, *MONEY]
    export_name = "customers"
    empty_title = _("No customers yet")
    empty_text = _("Hand out the address of a sign-up page: everyone who registers through it is listed here.")
    empty_action = (_("Your sign-up pages"), "/sign-up-pages/")

    def rows(self, request: HttpRequest) -> QuerySet[Customer]:
        mine = with_suspension_date(Customer.objects.for_partner(partner_id_of(request)).select_related("plan"))
        return mine.annotate(ends_at=Subquery(ENDING.order_by("cancel_at").values("cancel_at")[:1]))


class CustomersForFinance(CustomerList):
    table_class = CustomersWithoutApps


class CustomersForSupport(CustomerList):
    table_class = CustomersWithoutMoney
    totals = CustomerList.totals[:1]
    export = BASICS


customers = by_role(CustomerList, finance=CustomersForFinance, support=CustomersForSupport)


class CustomerDetail(DetailScreen):
    template_name = "customers/detail.html"
    back = (_("Customers"), "customers")
    roles = EVERYONE

    def rows(self, request: HttpRequest) -> QuerySet[Customer]:
        mine = Customer.objects.for_partner(partner_id_of(request))
        return mine.select_related("plan", "plan__product")

    def title(self, row: Customer) -> str:
        return row.name

    def sections(self, row: Customer) -> list[Facts | Rows]:
        money = sees_money(self.request)
        sections: list[Facts | Rows] = [
            Facts(list(account_facts(row, money)), _("Account")),
            Facts(contact_facts(row), _("Contact")),
            *card_sections(row),
            Rows(_("Subscriptions"), first_rows(SubscriptionTable, subscriptions_of(row), 50)),
            *plan_sections(row.subscriptions.all()),
            *cancellation_sections(row),
        ]
        if sees_instances(self.request):
            sections.append(instances_section(row))
        if money:
            sections += upcoming_sections(row.subscriptions.all())
            sections += [invoices_section(row), *correction_sections(row), commissions_section(row)]
        if sees_instances(self.request):
            sections += [help_section(row), logins_section(row)]
        return sections

    def extra(self, request: HttpRequest, row: Customer) -> dict[str, Any]:
        member = cast(TenantRequest, request).member
        may = member is not None and member.role in SUPPORT and row.support_allowed
        risk = risk_of(row, money=sees_money(request))
        return {"login_url": reverse("customer-login", args=[row.pk]) if may else "", "risk": risk}


def account_facts(row: Customer, money: bool) -> Iterator[Fact]:
    yield Fact(_("Payment status"), values.badge(row.get_state_display(), TONES[Customer.State(row.state)]))
    dates = row.subscriptions.live().aggregate(bill=Min("period_end"), retry=Min("next_payment_attempt"))
    yield Fact(_("Next billing date"), dates["bill"] and values.day(dates["bill"]))
    if row.state == Customer.State.PAST_DUE and dates["retry"]:
        yield Fact(_("The card is tried again on"), values.day(dates["retry"]))
    if money:
        yield from money_facts(row)


def cancellation_sections(row: Customer) -> list[Facts]:
    """Why it leaves, in its own words: it may be won back until the end."""
    cancelled = Cancellation.objects.open().filter(partner_id=row.partner_id, customer=row)
    related = cancelled.select_related("subscription__product", "subscription__plan")
    return [Facts(list(cancellation_facts(each)), _("Leaving")) for each in related]


def cancellation_facts(cancellation: Cancellation) -> Iterator[Fact]:
    subscription = cancellation.subscription
    yield Fact(_("Product and plan"), f"{subscription.product} · {subscription.plan}")
    yield Fact(_("Ends on"), values.day(business_day(cancellation.ends_at)), big=True)
    yield Fact(_("Cancelled"), values.instant(cancellation.created_at))
    yield Fact(_("Reason"), cancellation.get_reason_display(), help=cancellation.text)


def money_facts(row: Customer) -> Iterator[Fact]:
    for currency, invoiced, paid in [(row.currency, row.invoiced, row.paid), *totals_in_other_currencies(row)]:
        yield Fact(_("Total invoiced"), values.money(invoiced, currency), big=True)
        yield Fact(_("Total paid"), values.money(paid, currency), big=True)
    if row.credited:
        yield Fact(_("Credited"), values.money(row.credited, row.currency))
    if row.refunded:
        yield Fact(_("Refunded"), values.money(row.refunded, row.currency))
    yield from balance_facts(row)
    for currency, earned in commissions_of(row).values_list("currency").annotate(Sum("amount")).order_by("currency"):
        yield Fact(_("Commission earned"), values.money(earned, currency), big=True)


def totals_in_other_currencies(row: Customer) -> Iterator[tuple[str, int, int]]:
    """Currency, invoiced, paid: of invoices that somebody made at Stripe beside the subscription."""
    others = (
        Invoice.objects.for_partner(row.partner_id).filter(customer_id=row.pk).issued().exclude(currency=row.currency)
    )
    sums = others.order_by("currency").values_list("currency").annotate(invoiced=Sum("total"), paid_sum=Sum("paid"))
    yield from sums


def balance_facts(row: Customer) -> Iterator[Fact]:
    """Where there is one: it is why the next payment is another sum than the next invoice."""
    if row.balance:
        words = _("a credit, taken off the next invoice") if row.balance < 0 else _("owed, added to the next invoice")
        yield Fact(_("Balance"), values.money(abs(row.balance), row.currency), help=words)


def contact_facts(row: Customer) -> list[Fact]:
    return [
        Fact(_("Primary contact"), row.contact_name),
        Fact(_("E-mail"), values.mail(row.contact_email)),
        Fact(_("Country"), country_name(row.country)),
        Fact(_("VAT number"), row.vat_number),
        Fact(_("Acquired"), values.day(row.acquired_at)),
        Fact(_("Plan signed up for"), f"{row.plan.product} · {row.plan}"),
    ]


def subscriptions_of(row: Customer) -> QuerySet[Subscription]:
    return row.subscriptions.select_related("product", "plan")


def commissions_of(row: Customer) -> QuerySet[Commission]:
    return Commission.objects.for_partner(row.partner_id).filter(customer_id=row.pk)


def instances_section(row: Customer) -> Rows:
    rows = Instance.objects.for_partner(row.partner_id).filter(customer=row).select_related("product", "plan")
    more = f"{reverse('instances')}?customer={row.pk}"
    return Rows(_("App instances"), first_rows(CustomersInstanceTable, rows), _("No instance yet"), more)


def help_section(row: Customer) -> Rows:
    asked = HelpRequest.objects.filter(partner_id=row.partner_id, customer_id=row.pk)
    return Rows(_("Asked for help"), first_rows(HelpTable, asked), _("Nothing yet"))


def logins_section(row: Customer) -> Rows:
    rows = LoginToken.objects.filter(partner_id=row.partner_id, customer_id=row.pk).entered()
    return Rows(_("Logged in as this customer"), first_rows(LoginTable, rows), _("Nobody yet"))


def invoices_section(row: Customer) -> Rows:
    rows = Invoice.objects.for_partner(row.partner_id).filter(customer_id=row.pk)
    empty = _("Nothing was invoiced yet: the first invoice comes with the subscription.")
    return Rows(_("Invoices"), first_rows(InvoiceTable, rows, 24), empty)


def commissions_section(row: Customer) -> Rows:
    rows = with_state(commissions_of(row), business_day(now())).select_related("product")
    more = f"{reverse('commissions')}?customer={row.pk}"
    empty = _("Nothing was earned yet: a commission is earned when an invoice is paid.")
    return Rows(_("Commissions from this customer"), first_rows(CustomersCommissionTable, rows), empty, more)
