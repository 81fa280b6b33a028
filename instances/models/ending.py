"""A subscription that staff end at once, before its term."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, Subscription
from ondemand.calls import Call
from partners.models import Partner


class EndingQuerySet(models.QuerySet["Ending"]):
    def to_carry_out(self, now: datetime) -> EndingQuerySet:
        return self.filter(done_at=None, next_try_at__lte=now)


class Ending(Call):
    """Lives: it moves with its subscription. The row is the job; `call_key` is committed before calls to Stripe.

    `invoices`: ids at Stripe of those that are to be settled; NULL until they are known.
    """

    class Unpaid(models.TextChoices):
        COLLECT = "collect", _("charge the card once more")
        VOID = "void", _("declare them void: nothing is owed")

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    subscription = models.ForeignKey(
        Subscription, models.CASCADE, db_constraint=False, db_index=False, related_name="endings"
    )
    why = models.CharField(_("reason"), max_length=200)
    unpaid = models.CharField(_("unpaid invoices"), max_length=10, choices=Unpaid)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    asked_at = models.DateTimeField(_("asked"))
    done_at = models.DateTimeField(_("done"), null=True)
    invoices = models.JSONField(null=True)

    objects = EndingQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("ending at once"), _("endings at once")
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(fields=["partner", "customer"], name="ending_customer"),
            models.Index(fields=["next_try_at"], condition=Q(done_at=None), name="ending_to_do"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "subscription"], name="ending_once"),
            models.CheckConstraint(condition=~Q(why=""), name="ending_has_a_reason"),
        ]

    def __str__(self) -> str:
        return self.why
