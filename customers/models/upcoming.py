"""The invoice that a subscription's cycle will end with, as Stripe computed it last."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer
from customers.models.subscription import Subscription
from partners.models import Partner


class UpcomingInvoice(models.Model):
    """Stripe's preview, in minor units. Lives: it moves with its subscription. Nothing is known until `fetched_at`.

    `lines`: text, meter, quantity, amount, starts, ends (Unix seconds) of each. `due` is what will be charged: the
    total and what the customer's balance adds or takes. `next_look_at` is the job: it is moved to now when something
    changed.
    """

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    subscription = models.ForeignKey(
        Subscription, models.CASCADE, db_constraint=False, db_index=False, related_name="upcoming"
    )
    currency = models.CharField(max_length=3)
    subtotal = models.BigIntegerField(default=0)
    discount = models.BigIntegerField(default=0)
    tax = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    due = models.BigIntegerField(default=0)
    lines = models.JSONField(default=list)
    fetched_at = models.DateTimeField(null=True)
    next_look_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("upcoming invoice"), _("upcoming invoices")
        indexes = [
            models.Index(fields=["partner", "customer"], name="upcoming_customer"),
            models.Index(fields=["next_look_at"], name="upcoming_to_look"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "subscription"], name="upcoming_once"),
        ]
