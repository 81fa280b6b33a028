"""A customer's word that a subscription is to end with its term, and its undoing."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer
from customers.models.subscription import Subscription
from ondemand.calls import Call
from partners.models import Partner

OPEN = Q(undone_at=None, ended_at=None)


class CancellationQuerySet(models.QuerySet["Cancellation"]):
    def open(self) -> CancellationQuerySet:
        return self.filter(OPEN)

    def to_tell(self, now: datetime) -> CancellationQuerySet:
        """Those of which Stripe does not know yet."""
        return self.filter(told_at=None, ended_at=None, next_try_at__lte=now)

    def to_close(self) -> CancellationQuerySet:
        """Those whose subscription has ended."""
        return self.open().filter(subscription__state__in=Subscription.ENDED)


class Cancellation(Call):
    """Lives: it moves with its subscription. `ended_at`: the subscription has ended by it.

    The row is the job: what Stripe is to know follows from it (open: an end at `ends_at`; undone: none), and
    `told_at` is NULL until Stripe knows. `call_key` is committed before a call and cleared after.
    Without `undone_by` it was undone at Stripe and found here.
    """

    class Reason(models.TextChoices):
        PRICE = "price", _("It costs too much")
        LACKS = "lacks", _("It lacks something that we need")
        OTHER_SYSTEM = "other_system", _("We use another system")
        HELP = "help", _("We were not helped well enough")
        CLOSING = "closing", _("We close or sell the business")
        OTHER = "other", _("Something else")

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    subscription = models.ForeignKey(
        Subscription, models.CASCADE, db_constraint=False, db_index=False, related_name="cancellations"
    )
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    text = models.TextField(_("in the customer's words"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("cancelled"))
    ends_at = models.DateTimeField(_("ends on"))
    undone_at = models.DateTimeField(_("undone"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("undone by")
    )
    ended_at = models.DateTimeField(_("ended"), null=True)
    told_at = models.DateTimeField(_("known to Stripe since"), null=True)

    objects = CancellationQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("cancellation"), _("cancellations")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["partner", "customer"], name="cancellation_customer"),
            models.Index(fields=["next_try_at"], condition=Q(told_at=None), name="cancellation_to_tell"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "subscription"], condition=OPEN, name="cancellation_one_open"),
            models.CheckConstraint(condition=Q(undone_at=None) | Q(ended_at=None), name="cancellation_undone_or_ended"),
            models.CheckConstraint(condition=Q(undone_by=None) | ~Q(undone_at=None), name="cancellation_undone_when"),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("created_at")), name="cancellation_ends_later"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}, {self.ends_at:%Y-%m-%d}"

    @property
    def wanted(self) -> datetime | None:
        """The end that Stripe is to know."""
        return None if self.undone_at else self.ends_at
