"""Instances and what happened to them."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, Subscription
from instances.models.brake import Brake
from instances.models.suspension import Suspension
from instances.models.usage import UsageCycle, whole_gb
from ondemand.models import HOST_LABEL
from partners.models import Partner, Plan, Product


class InstanceQuerySet(models.QuerySet["Instance"]):
    def for_partner(self, partner_id: int | None) -> InstanceQuerySet:
        return self.filter(partner_id=partner_id)

    def live(self) -> InstanceQuerySet:
        return self.exclude(state=Instance.State.TERMINATED)

    def priced(self, now: datetime) -> InstanceQuerySet:
        """With `price`, in minor units of the plan's currency: base and usage of the cycle that holds `now`.

        What has ended, or is only kept, has none (NULL).
        """
        used = UsageCycle.objects.filter(partner_id=OuterRef("partner_id"), instance_id=OuterRef("pk")).at(now).summed()
        price = F("plan__base") + Coalesce(Subquery(used, models.BigIntegerField()), 0)
        over = Q(state=Instance.State.TERMINATED) | Q(subscription__state__in=Subscription.ENDED)
        return self.annotate(price=Case(When(~over, then=price)))

    def of_another_plan(self) -> InstanceQuerySet:
        """Than their subscription now is."""
        return self.exclude(plan=F("subscription__plan"))

    def to_boot(self, now: datetime) -> InstanceQuerySet:
        return self.filter(state__in=[Instance.State.QUEUED, Instance.State.BOOTING], next_try_at__lte=now)

    def overdue(self, now: datetime) -> InstanceQuerySet:
        """Booted ones whose subscription's grace is over, and that are not suspended for it yet."""
        unpaid = Suspension.objects.open().filter(
            partner_id=OuterRef("partner_id"), instance_id=OuterRef("pk"), cause=Suspension.Cause.UNPAID
        )
        subscriptions = Subscription.objects.overdue(now).values("pk")
        return self.filter(~Exists(unpaid), state__in=Instance.BOOTED, subscription__in=subscriptions)

    def to_switch(self, now: datetime) -> InstanceQuerySet:
        """Of which the provider has not confirmed yet that they run again or, unless braked, are suspended."""
        braked = Q(state=Instance.State.SUSPENDING) & Exists(Brake.objects.in_force())
        waiting = self.filter(state__in=[Instance.State.SUSPENDING, Instance.State.RESUMING], next_try_at__lte=now)
        return waiting.exclude(braked)

    def to_stop(self) -> InstanceQuerySet:
        """Booted ones whose subscription has ended, and that are not suspended for it yet."""
        stopped = Suspension.objects.open().filter(
            partner_id=OuterRef("partner_id"), instance_id=OuterRef("pk"), cause=Suspension.Cause.TERM_ENDED
        )
        ended = self.filter(state__in=Instance.BOOTED, subscription__state__in=Subscription.ENDED)
        return ended.exclude(Exists(stopped))

    def to_end(self) -> InstanceQuerySet:
        """Unless braked: whose end has begun and is not confirmed yet, and those that never ran, once nobody pays."""
        unused = Q(subscription__state__in=Subscription.ENDED, running_at=None)
        waiting = self.live().filter(unused | Q(state=Instance.State.TERMINATING))
        return waiting.exclude(Exists(Brake.objects.in_force()))


class Instance(models.Model):
    """A customer's own ERP. `name` is the first label of its address; `public_id` is what the provider knows.

    Running means: its own address answered and its first heartbeat came. `users`, `terminals` and
    `disk_mb` are the last reading, for lists. Lives: it moves with its customer.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        BOOTING = "booting", _("booting")
        RUNNING = "running", _("running")
        SUSPENDING = "suspending", _("being suspended")
        SUSPENDED = "suspended", _("suspended")
        RESUMING = "resuming", _("resuming")
        FAILED = "failed", _("failed")
        TERMINATING = "terminating", _("ending")
        TERMINATED = "terminated", _("ended")

    BOOTED = (State.RUNNING, State.SUSPENDING, State.SUSPENDED, State.RESUMING)

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
        return whole_gb(self.disk_mb)


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
