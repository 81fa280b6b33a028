"""What Stripe billed and what was paid: history, which stays with the partner of its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Case, F, IntegerField, Q, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models.customer import Assignment
from partners.models import Partner, Plan, Product

UNPAID = Q(state="open", remaining__gt=0)
WARNED_AFTER = (0, 3, 7, 13)  # days


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def for_partner(self, partner_id: int | None) -> InvoiceQuerySet:
        return self.filter(partner_id=partner_id)

    def issued(self) -> InvoiceQuerySet:
        """Those that count as invoiced: not drafts, not void."""
        return self.filter(state__in=[Invoice.State.OPEN, Invoice.State.PAID, Invoice.State.UNCOLLECTIBLE])

    def unpaid(self) -> InvoiceQuerySet:
        """Those of which something is still to be paid."""
        return self.filter(UNPAID)

    def unpaid_of(self, subscription: Any) -> InvoiceQuerySet:
        return self.unpaid().filter(customer_id=subscription.customer_id, subscription_stripe_id=subscription.stripe_id)

    def page_to_pay(self) -> str:
        """Stripe's page of the oldest that has one."""
        pages = self.exclude(page_url="").order_by("created_at", "pk").values_list("page_url", flat=True)
        return pages.first() or ""

    def to_warn(self, now: datetime) -> Any:
        """Those whose payment failed, with the newest `step` of WARNED_AFTER that is due and was not mailed."""
        due = [When(effective_at__lte=now - timedelta(days=days), then=Value(days)) for days in reversed(WARNED_AFTER)]
        failed = self.unpaid().filter(attempts__gt=0).annotate(step=Case(*due, output_field=IntegerField()))
        return failed.filter(Q(warned=None) | Q(warned__lt=F("step")), step__isnull=False)

    def to_confirm(self) -> InvoiceQuerySet:
        """Those whose payer's bank asks for a confirmation that was not mailed for this attempt yet."""
        return self.unpaid().filter(needs_action=True, attempts__gt=F("confirm_asked"))


class Invoice(models.Model):
    """Amounts in minor units of `currency`. (partner, customer, assignment) is one composite key and never moves.

    customer_id is data, no ForeignKey: a join to a customer who has moved away would drop the
    invoice from its own partner's list, because the walls hide the customer.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        PAID = "paid", pgettext_lazy("invoice", "paid")
        VOID = "void", _("void")
        UNCOLLECTIBLE = "uncollectible", _("uncollectible")

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField(db_index=True)
    assignment = models.ForeignKey(Assignment, models.PROTECT, db_constraint=False, db_index=False)
    stripe_id = models.CharField(max_length=255)
    subscription_stripe_id = models.CharField(max_length=255, blank=True)
    number = models.CharField(_("number"), max_length=60, blank=True)
    state = models.CharField(_("state"), max_length=15, choices=State)
    currency = models.CharField(max_length=3)
    subtotal = models.BigIntegerField()
    tax = models.BigIntegerField(_("tax"))
    total = models.BigIntegerField(_("total"))
    due = models.BigIntegerField(_("due"))
    paid = models.BigIntegerField(_("paid"))
    remaining = models.BigIntegerField()
    paid_outside = models.BigIntegerField(default=0)  # of what was paid: not through Stripe
    credited_before = models.BigIntegerField(default=0)  # by credit notes, of what was still to be paid
    created_at = models.DateTimeField()
    effective_at = models.DateTimeField(_("date"), null=True)
    paid_at = models.DateTimeField(_("paid on"), null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    needs_action = models.BooleanField(default=False)  # the payer's bank wants it confirmed (3-D Secure)
    warned = models.PositiveSmallIntegerField(null=True)  # the step of WARNED_AFTER that was mailed last
    confirm_asked = models.PositiveSmallIntegerField(default=0)  # the attempt whose confirmation was asked for last
    finalization_error = models.TextField(_("why it could not be finalised"), blank=True)
    page_url = models.URLField(max_length=500, blank=True)
    pdf_url = models.URLField(max_length=500, blank=True)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("invoice"), _("invoices")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["partner", "customer_id", "assignment"], name="invoice_wall"),
            models.Index(fields=["stripe_id"], name="invoice_at_stripe"),
            models.Index(fields=["customer_id", "subscription_stripe_id"], condition=UNPAID, name="invoice_unpaid"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "id"], name="invoice_key"),
            models.UniqueConstraint(fields=["partner", "stripe_id"], name="invoice_stripe_once"),
            models.CheckConstraint(condition=Q(paid__gte=0), name="invoice_paid_not_negative"),
        ]

    def __str__(self) -> str:
        return self.number or self.stripe_id

    @property
    def state_text(self) -> Any:
        """Paid outside Stripe is Stripe's `paid` as well."""
        if self.state == Invoice.State.PAID and self.paid_outside:
            return _("paid outside Stripe") if self.paid_outside == self.paid else _("paid, in part outside Stripe")
        return self.get_state_display()


class InvoiceLine(models.Model):
    """A line; `amount` before tax and discounts. `usage_cycle_id` is data: the app above links it.

    `to_accrue` is the mark by which commissions find what they have not looked at; they clear it.
    """

    class Meter(models.TextChoices):
        BASE = "base", _("base price")
        USERS = "users", _("named users")
        TERMINALS = "terminals", _("POS terminals")
        DISK = "disk", _("disk space")
        OTHER = "other", _("other")

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField(db_index=True)
    invoice = models.ForeignKey(Invoice, models.CASCADE, db_constraint=False, db_index=False, related_name="lines")
    stripe_id = models.CharField(max_length=255)
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", null=True)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", null=True)
    meter = models.CharField(max_length=10, choices=Meter)
    description = models.CharField(_("description"), max_length=500)
    quantity = models.BigIntegerField(_("quantity"))
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField(_("amount"))
    discount = models.BigIntegerField(default=0)
    credit = models.BigIntegerField(default=0)
    inclusive_tax = models.BigIntegerField(default=0)
    exclusive_tax = models.BigIntegerField(default=0)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    proration = models.BooleanField(default=False)
    usage_cycle_id = models.BigIntegerField(null=True)
    to_accrue = models.BooleanField(default=True)

    class Meta:
        verbose_name, verbose_name_plural = _("invoice line"), _("invoice lines")
        ordering = ["invoice", "position", "id"]
        indexes = [
            models.Index(fields=["partner", "invoice"], name="line_invoice"),
            models.Index(fields=["id"], condition=Q(to_accrue=True), name="line_to_accrue"),
            models.Index(fields=["usage_cycle_id"], name="line_usage_cycle"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "id"], name="line_key"),
            models.UniqueConstraint(fields=["partner", "stripe_id"], name="line_stripe_once"),
        ]

    @property
    def base(self) -> int:
        """What commission is made from (money.md, Commission: Base)."""
        return self.amount - self.discount - self.credit - self.inclusive_tax

    @property
    def gross(self) -> int:
        """What was charged for it: after discounts, with tax."""
        return self.amount - self.discount - self.credit + self.exclusive_tax


class InvoicePayment(models.Model):
    """Which payment intent and charge paid an invoice: refunds and disputes find the invoice by it."""

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField(db_index=True)
    invoice = models.ForeignKey(Invoice, models.CASCADE, db_constraint=False, db_index=False, related_name="payments")
    stripe_id = models.CharField(max_length=255)
    payment_intent = models.CharField(max_length=255, blank=True, db_index=True)
    state = models.CharField(max_length=15)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["partner", "invoice"], name="invoice_payment_invoice")]
        constraints = [models.UniqueConstraint(fields=["partner", "stripe_id"], name="invoice_payment_stripe_once")]
