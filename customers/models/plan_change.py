"""Changes of a subscription's plan: asked for in the account, or found at Stripe."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer
from customers.models.subscription import Subscription
from ondemand.calls import Call
from partners.models import Partner, Plan

AHEAD = timedelta(hours=1)  # so long before the cycle's end Stripe is told, and it cannot be withdrawn any more


class PlanChangeQuerySet(models.QuerySet["PlanChange"]):
    def open(self) -> PlanChangeQuerySet:
        return self.filter(done_at=None, withdrawn_at=None)

    def to_carry_out(self, now: datetime) -> PlanChangeQuerySet:
        return self.open().filter(next_try_at__lte=now)

    def to_come(self, now: datetime) -> PlanChangeQuerySet:
        """Those of which a screen says when they take effect."""
        return self.filter(withdrawn_at=None).filter(Q(done_at=None) | Q(takes_effect_at__gt=now))


class PlanChange(Call):
    """At Stripe it is a change of the subscription's price. Lives: it moves with its subscription.

    An upgrade takes effect when it is asked for, and Stripe prorates from then on; any other with the next cycle.
    `next_try_at` is the job; `call_key` is committed before a call and cleared after. `done_at`: Stripe has it.
    Without `asked_by` it was made at Stripe and found here.
    """

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    subscription = models.ForeignKey(
        Subscription, models.CASCADE, db_constraint=False, db_index=False, related_name="plan_changes"
    )
    from_plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    to_plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    takes_effect_at = models.DateTimeField(_("takes effect"))
    prorated = models.BooleanField()
    done_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = PlanChangeQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("change of plan"), _("changes of plan")
        ordering = ["takes_effect_at", "id"]
        indexes = [
            models.Index(fields=["partner", "customer"], name="plan_change_customer"),
            models.Index(fields=["partner", "subscription", "takes_effect_at"], name="plan_change_history"),
            models.Index(
                fields=["next_try_at"], condition=Q(done_at=None, withdrawn_at=None), name="plan_change_to_do"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "subscription"],
                condition=Q(done_at=None, withdrawn_at=None),
                name="plan_change_one_open",
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(withdrawn_at=None), name="plan_change_done_or_withdrawn"
            ),
            models.CheckConstraint(condition=~Q(from_plan=F("to_plan")), name="plan_change_is_one"),
        ]

    def __str__(self) -> str:
        return f"{self.from_plan} → {self.to_plan}"

    @property
    def withdrawable_until(self) -> datetime:
        return self.takes_effect_at - AHEAD

    def can_be_withdrawn(self, now: datetime) -> bool:
        return not (self.done_at or self.withdrawn_at or self.prorated) and now < self.withdrawable_until


class PlanHistory:
    """Which plan a subscription had when: of one that never changed, its plan."""

    def __init__(self, subscription: Subscription) -> None:
        changes = PlanChange.objects.filter(partner_id=subscription.partner_id, subscription=subscription)
        self.changes = list(changes.filter(withdrawn_at=None).select_related("from_plan", "to_plan"))
        self.now = subscription.plan

    def at(self, instant: datetime) -> Plan:
        """A change that is due counts as made, though Stripe may not have been told yet."""
        made = [each for each in self.changes if each.takes_effect_at <= instant]
        if made:
            return made[-1].to_plan
        return self.changes[0].from_plan if self.changes else self.now
