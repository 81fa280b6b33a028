"""What was given back or is disputed of what was paid: history, as the invoices that it corrects."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models.billing import Invoice, InvoiceLine
from partners.models import Partner


class Correction(models.Model):
    """Of one invoice, `amount` in minor units. `to_accrue`: commissions have not looked at it since it last changed;
    `counted`: what they took it to give back when they did.
    """

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField(db_index=True)
    invoice = models.ForeignKey(Invoice, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    stripe_id = models.CharField(max_length=255)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField(_("amount"))
    created_at = models.DateTimeField()
    to_accrue = models.BooleanField(default=True)
    counted = models.BigIntegerField(default=0)

    class Meta:
        abstract = True
        ordering = [F("created_at").desc()]
        indexes = [
            models.Index(fields=["partner", "invoice"], name="%(class)s_invoice"),
            models.Index(fields=["id"], condition=Q(to_accrue=True), name="%(class)s_to_accrue"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "id"], name="%(class)s_key"),
            models.UniqueConstraint(fields=["partner", "stripe_id"], name="%(class)s_stripe_once"),
        ]


class Refund(Correction):
    """Money given back on an invoice."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        REQUIRES_ACTION = "requires_action", _("requires action")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        CANCELED = "canceled", _("cancelled")

    FAILED = (State.FAILED, State.CANCELED)

    state = models.CharField(_("state"), max_length=20, choices=State)

    class Meta(Correction.Meta):
        verbose_name, verbose_name_plural = _("refund"), _("refunds")
        constraints = [
            *Correction.Meta.constraints,
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_positive"),
        ]


class CreditNote(Correction):
    """`amount` with tax: `before_payment` of it lowers what is due, `after_payment` gives back what was paid.

    `refunds`: Stripe's ids of those that belong to it, and what of each does: that counts once, as this note.
    """

    class State(models.TextChoices):
        ISSUED = "issued", _("issued")
        VOID = "void", pgettext_lazy("credit note", "void")

    number = models.CharField(_("number"), max_length=60)
    before_payment = models.BigIntegerField(_("less to pay"))
    after_payment = models.BigIntegerField(_("given back"))
    refunds = models.JSONField(default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State)

    class Meta(Correction.Meta):
        verbose_name, verbose_name_plural = _("credit note"), _("credit notes")
        constraints = [
            *Correction.Meta.constraints,
            models.CheckConstraint(
                condition=Q(amount=F("before_payment") + F("after_payment")), name="creditnote_parts_sum"
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.stripe_id


class CreditNoteLine(models.Model):
    """What a note takes of an invoice line, after discounts and with tax. Without a line: of none in particular."""

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField(db_index=True)
    note = models.ForeignKey(CreditNote, models.CASCADE, db_constraint=False, db_index=False, related_name="lines")
    line = models.ForeignKey(
        InvoiceLine, models.PROTECT, db_constraint=False, db_index=False, null=True, related_name="+"
    )
    stripe_id = models.CharField(max_length=255)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["partner", "note"], name="credit_note_line_note")]
        constraints = [models.UniqueConstraint(fields=["partner", "stripe_id"], name="credit_note_line_stripe_once")]


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def open(self) -> DisputeQuerySet:
        return self.filter(state__in=Dispute.OPEN)


class Dispute(Correction):
    """A payment that the card's holder disputes. `withdrawn`: what Stripe took of us for it and has not given back,
    in its own currency. `closed_at`: when it was won or lost, as far as Stripe told.

    A warning (an inquiry) and a prevented one take nothing.
    """

    class State(models.TextChoices):
        WARNING_NEEDS_RESPONSE = "warning_needs_response", _("inquiry, to be answered")
        WARNING_UNDER_REVIEW = "warning_under_review", _("inquiry, answered")
        WARNING_CLOSED = "warning_closed", _("inquiry, closed")
        NEEDS_RESPONSE = "needs_response", _("to be answered")
        UNDER_REVIEW = "under_review", _("answered")
        WON = "won", pgettext_lazy("dispute", "won")
        LOST = "lost", pgettext_lazy("dispute", "lost")
        PREVENTED = "prevented", _("prevented")

    OPEN = (State.NEEDS_RESPONSE, State.UNDER_REVIEW)
    CLOSED = (State.WARNING_CLOSED, State.WON, State.LOST, State.PREVENTED)

    withdrawn = models.BigIntegerField()
    reason = models.CharField(_("reason"), max_length=60)
    state = models.CharField(_("state"), max_length=30, choices=State)
    answer_by = models.DateTimeField(_("answer by"), null=True)
    closed_at = models.DateTimeField(_("decided on"), null=True)

    objects = DisputeQuerySet.as_manager()

    class Meta(Correction.Meta):
        verbose_name, verbose_name_plural = _("dispute"), _("disputes")

    @property
    def lost(self) -> int:
        """What is gone for good, in minor units; the fee is ours."""
        return min(self.amount, self.withdrawn) if self.state == Dispute.State.LOST else 0
