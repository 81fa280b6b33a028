"""What was used on instances: readings by day, and the cycles that are billed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from customers.models import Assignment
from partners.models import Partner, Plan


def whole_gb(disk_mb: int) -> int:
    """Rounded up, as they are billed."""
    return -(-disk_mb // 1024)


class UsageReading(models.Model):
    """The highest counts that an instance reported for a UTC day. History: its key is the assignment's."""

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField(db_index=True)
    assignment = models.ForeignKey(Assignment, models.PROTECT, db_constraint=False, db_index=False)
    instance_id = models.BigIntegerField()
    day = models.DateField()
    users = models.PositiveIntegerField()
    terminals = models.PositiveIntegerField()
    disk_mb = models.PositiveIntegerField()
    received_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("usage reading"), _("usage readings")
        ordering = ["day"]
        indexes = [models.Index(fields=["partner", "customer_id", "assignment"], name="reading_wall")]
        constraints = [models.UniqueConstraint(fields=["partner", "instance_id", "day"], name="reading_once")]

    @property
    def disk_gb(self) -> int:
        return whole_gb(self.disk_mb)


BEHIND = ~Q(pushed=F("billable")) | ~Q(push_key="")


class UsageCycleQuerySet(models.QuerySet["UsageCycle"]):
    def at(self, instant: datetime) -> UsageCycleQuerySet:
        return self.filter(starts__lte=instant, ends__gt=instant)

    def summed(self) -> models.QuerySet[Any, Any]:
        """One value, for a subquery: the price of these cycles, which are of one instance."""
        prices = self.order_by().values("instance_id").annotate(price=Sum(F("billable") * F("unit_amount")))
        return prices.values("price")

    def to_push(self, now: datetime) -> UsageCycleQuerySet:
        """Whose billable quantity Stripe does not know yet; a key that is kept means a call was under way."""
        done = Q(pushed=F("settled"), settled__gt=F("billable"))  # invoiced for good
        return self.filter(BEHIND, next_try_at__lte=now, closed_at=None, early=False).exclude(done, push_key="")

    def to_price(self, now: datetime) -> UsageCycleQuerySet:
        """Which have begun since they were written: only now it is known with which plan."""
        return self.filter(early=True, starts__lte=now)


class UsageCycle(models.Model):
    """An instance's highest count of one meter within one billing cycle, and its invoice item at Stripe.

    `billable` = peak above what the plan includes; `pushed` = what Stripe was told. `push_key` and
    `push_quantity` are committed before a call and cleared after: a call is repeated under its key.
    `settled` = the quantity that finalised invoices already took in. `closed_at`: the subscription had ended, so
    what is above `pushed` came too late and is never billed.
    """

    class Meter(models.TextChoices):
        USERS = "users", _("named users")
        TERMINALS = "terminals", _("POS terminals")
        DISK = "disk", _("GB of disk")

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField(db_index=True)
    assignment = models.ForeignKey(Assignment, models.PROTECT, db_constraint=False, db_index=False)
    instance_id = models.BigIntegerField()
    subscription_stripe_id = models.CharField(max_length=255)
    meter = models.CharField(max_length=10, choices=Meter)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    included = models.PositiveIntegerField()
    unit_amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    early = models.BooleanField(db_default=False)  # written before it began
    peak = models.PositiveIntegerField(default=0)
    billable = models.PositiveIntegerField(default=0)
    pushed = models.PositiveIntegerField(default=0)
    settled = models.PositiveIntegerField(default=0)
    item_id = models.CharField(max_length=255, blank=True)
    push_key = models.CharField(max_length=80, blank=True)
    push_quantity = models.PositiveIntegerField(default=0)
    pushes = models.PositiveIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.TextField(blank=True)

    objects = UsageCycleQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("usage cycle"), _("usage cycles")
        ordering = ["-starts", "meter"]
        indexes = [
            models.Index(fields=["partner", "customer_id", "assignment"], name="cycle_wall"),
            models.Index(fields=["next_try_at"], condition=BEHIND, name="cycle_to_push"),
            models.Index(fields=["starts"], condition=Q(early=True), name="cycle_to_price"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "instance_id", "meter", "starts"], name="cycle_once"),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="cycle_forward"),
        ]

    @property
    def amount(self) -> int:
        """Its price so far, in minor units."""
        return self.billable * self.unit_amount
