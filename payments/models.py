"""Money to a partner: payments, what each consists of, every attempt to send one."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from commissions.models import Commission
from partners.models import BankAccount, Partner


class PaymentQuerySet(models.QuerySet["Payment"]):
    def for_partner(self, partner_id: int | None) -> PaymentQuerySet:
        return self.filter(partner_id=partner_id)

    def shown(self) -> PaymentQuerySet:
        """What the partner sees: from `approved` on."""
        return self.filter(state__in=Payment.SHOWN)

    def to_send(self, now: datetime) -> PaymentQuerySet:
        """Approved, or sending and not heard of since its next try."""
        return self.filter(state__in=[Payment.State.APPROVED, Payment.State.SENDING], next_try_at__lte=now)


class Payment(models.Model):
    """A payment, in minor units. The edges of its state are a table in the database; columns freeze as it goes.

    Approval freezes the destination. Approved by someone other than who proposed it: a constraint.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PROPOSED = "proposed", _("proposed")
        APPROVED = "approved", _("approved")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        PAID = "paid", _("paid")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        RETURNED = "returned", _("returned")

    SHOWN = (State.APPROVED, State.SENDING, State.SENT, State.PAID, State.FAILED, State.RETURNED)

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(_("number"), max_length=30)
    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField(_("amount"))
    period = models.DateField(_("period"))  # the first day of the month in which it was drafted
    destination = models.ForeignKey(
        BankAccount,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField()
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(_("approved on"), null=True, blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    sent_at = models.DateTimeField(_("sent on"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid on"), null=True, blank=True)
    reference = models.CharField(_("provider's reference"), max_length=255, blank=True)
    waiting = models.CharField(max_length=300, blank=True)  # why an approved payment is not sent yet
    next_try_at = models.DateTimeField()

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("payment"), _("payments")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state__in=["approved", "sending"]), name="payment_to_send")
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "id"], name="payment_key"),
            models.UniqueConstraint(fields=["partner", "number"], name="payment_number_once"),
            models.UniqueConstraint(
                fields=["partner", "currency"],
                condition=Q(state__in=["draft", "proposed"]),
                name="payment_one_in_preparation",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_positive"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | Q(proposed_by__isnull=False) & ~Q(approved_by=F("proposed_by")),
                name="payment_second_pair_of_eyes",
                violation_error_message=_("Someone other than who proposed it must approve it."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "proposed", "cancelled"])
                | Q(approved_by__isnull=False, approved_at__isnull=False, destination__isnull=False),
                name="payment_approved_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("payment", args=[self.pk])


class PaymentLine(models.Model):
    """A commission in a payment. Unique among those not freed: the database cannot pay a row twice."""

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    payment = models.ForeignKey(Payment, models.PROTECT, db_constraint=False, db_index=False, related_name="lines")
    commission = models.ForeignKey(
        Commission, models.PROTECT, db_constraint=False, db_index=False, related_name="payment_lines"
    )
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    freed = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["partner", "payment"], name="payment_line_payment")]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "commission"], condition=Q(freed=False), name="payment_line_pays_once"
            )
        ]


class PaymentAttempt(models.Model):
    """One try to send: committed before the call with the key that the provider sees."""

    class State(models.TextChoices):
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    LOOK_UP_AFTER = timedelta(hours=23)  # a stored answer is kept for 24 hours under its key

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    payment = models.ForeignKey(Payment, models.PROTECT, db_constraint=False, db_index=False, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=80, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.SENDING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=255, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "payment", "number"], name="attempt_once"),
            models.UniqueConstraint(
                fields=["partner", "payment"], condition=Q(state="sending"), name="attempt_one_under_way"
            ),
        ]


class PaymentEdge(models.Model):
    """Which state may follow which; a trigger on payments asks it."""

    before = models.CharField(max_length=10)
    after = models.CharField(max_length=10)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["before", "after"], name="edge_once")]
