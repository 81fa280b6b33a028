"""Instances and what was used on them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.models import Assignment, Customer, Subscription
from ondemand.models import HOST_LABEL
from partners.models import Partner, Plan, Product


class InstanceQuerySet(models.QuerySet["Instance"]):
    def for_partner(self, partner_id: int | None) -> InstanceQuerySet:
        return self.filter(partner_id=partner_id)

    def live(self) -> InstanceQuerySet:
        return self.exclude(state=Instance.State.TERMINATED)

    def priced(self, now: datetime) -> InstanceQuerySet:
        """With `price`, in minor units of the plan's currency: base and usage of the cycle that holds `now`.

        What has ended has none (NULL).
        """
        used = UsageCycle.objects.filter(partner_id=OuterRef("partner_id"), instance_id=OuterRef("pk")).at(now).summed()
        price = F("plan__base") + Coalesce(Subquery(used, models.BigIntegerField()), 0)
        return self.annotate(price=Case(When(~Q(state=Instance.State.TERMINATED), then=price)))

    def to_boot(self, now: datetime) -> InstanceQuerySet:
        return self.filter(state__in=[Instance.State.QUEUED, Instance.State.BOOTING], next_try_at__lte=now)

    def to_end(self) -> InstanceQuerySet:
        """Live instances whose subscription has ended, and those whose end is not confirmed yet."""
        ended = Q(subscription__state__in=Subscription.ENDED)
        return self.live().filter(ended | Q(state=Instance.State.TERMINATING))


class Instance(models.Model):
    """A customer's own ERP. `name` is the first label of its address; `public_id` is what the provider knows.

    Running means: its own address answered and its first heartbeat came. `users`, `terminals` and
    `disk_mb` are the last reading, for lists. Lives: it moves with its customer.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        BOOTING = "booting", _("booting")
        RUNNING = "running", _("running")
        FAILED = "failed", _("failed")
        TERMINATING = "terminating", _("ending")
        TERMINATED = "terminated", _("ended")

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer = models.ForeignKey(
        Customer, models.PROTECT, db_constraint=False, db_index=False, related_name="instance_set"
    )
    subscription = models.ForeignKey(
        Subscription, models.PROTECT, db_constraint=False, db_index=False, related_name="instances"
    )
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=40, validators=[HOST_LABEL])
    address = models.CharField(_("address"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=15, choices=State, default=State.QUEUED)
    created_at = models.DateTimeField()
    boot_started_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    running_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    last_heartbeat_at = models.DateTimeField(null=True)
    version = models.CharField(_("version"), max_length=40, blank=True)
    steps = models.JSONField(default=list)
    error = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    activation_key = models.CharField(max_length=64, unique=True)
    heartbeat_key = models.CharField(max_length=64)
    users = models.PositiveIntegerField(_("named users"), default=0)
    terminals = models.PositiveIntegerField(_("POS terminals"), default=0)
    disk_mb = models.PositiveIntegerField(_("disk space"), default=0)

    objects = InstanceQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("instance"), _("instances")
        indexes = [
            models.Index(fields=["partner", "customer"], name="instance_customer"),
            models.Index(fields=["partner", "subscription"], name="instance_subscription"),
            models.Index(fields=["next_try_at"], condition=Q(state__in=["queued", "booting"]), name="instance_to_boot"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "id"], name="instance_key"),
            models.UniqueConstraint(fields=["name"], condition=~Q(state="terminated"), name="instance_name_once"),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(running_at__isnull=False, answered_at__isnull=False),
                name="instance_running_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("instance", args=[self.pk])

    @property
    def disk_gb(self) -> int:
        """Whole GB, rounded up, as they are billed."""
        return -(-self.disk_mb // 1024)


class InstanceEvent(models.Model):
    """What happened to an instance: its boot log, retries, failures."""

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField(db_index=True)
    instance = models.ForeignKey(Instance, models.CASCADE, db_constraint=False, db_index=False, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=30)
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["partner", "instance", "at"], name="instance_event_instance")]


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


class UsageCycleQuerySet(models.QuerySet["UsageCycle"]):
    def at(self, instant: datetime) -> UsageCycleQuerySet:
        return self.filter(starts__lte=instant, ends__gt=instant)

    def summed(self) -> models.QuerySet[Any, Any]:
        """One value, for a subquery: the price of these cycles, which are of one instance."""
        prices = self.order_by().values("instance_id").annotate(price=Sum(F("billable") * F("unit_amount")))
        return prices.values("price")

    def to_push(self, now: datetime) -> UsageCycleQuerySet:
        """Whose billable quantity Stripe does not know yet; a key that is kept means a call was under way."""
        behind = ~Q(pushed=F("billable")) | ~Q(push_key="")
        return self.filter(behind, next_try_at__lte=now)


class UsageCycle(models.Model):
    """An instance's highest count of one meter within one billing cycle, and its invoice item at Stripe.

    `billable` = peak above what the plan includes; `pushed` = what Stripe was told. `push_key` and
    `push_quantity` are committed before a call and cleared after: a call is repeated under its key.
    `settled` = the quantity that finalised invoices already took in.
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
    peak = models.PositiveIntegerField(default=0)
    billable = models.PositiveIntegerField(default=0)
    pushed = models.PositiveIntegerField(default=0)
    settled = models.PositiveIntegerField(default=0)
    item_id = models.CharField(max_length=255, blank=True)
    push_key = models.CharField(max_length=80, blank=True)
    push_quantity = models.PositiveIntegerField(default=0)
    pushes = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.TextField(blank=True)

    objects = UsageCycleQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("usage cycle"), _("usage cycles")
        ordering = ["-starts", "meter"]
        indexes = [
            models.Index(fields=["partner", "customer_id", "assignment"], name="cycle_wall"),
            models.Index(
                fields=["next_try_at"],
                condition=~Q(pushed=F("billable")) | ~Q(push_key=""),
                name="cycle_to_push",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "instance_id", "meter", "starts"], name="cycle_once"),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="cycle_forward"),
        ]

    @property
    def amount(self) -> int:
        """Its price so far, in minor units."""
        return self.billable * self.unit_amount
