"""What stops all suspensions of the zone at once."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Max, Q
from django.utils.translation import gettext_lazy as _


class BrakeQuerySet(models.QuerySet["Brake"]):
    def in_force(self) -> BrakeQuerySet:
        return self.filter(opened_at=None)

    def last_opened(self) -> datetime | None:
        """What was due by then, staff have seen."""
        at: datetime | None = self.aggregate(at=Max("opened_at"))["at"]
        return at


class Brake(models.Model):
    """In force until staff open it; at most one is. Without `closed_by` it closed by itself."""

    reason = models.CharField(_("reason"), max_length=200)
    closed_at = models.DateTimeField(_("closed"))
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    opened_at = models.DateTimeField(_("opened"), null=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("opened by")
    )
    answer = models.CharField(_("why it was opened"), max_length=200, blank=True)

    objects = BrakeQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("brake on suspensions"), _("brake on suspensions")
        ordering = ["-closed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["opened_at"], condition=Q(opened_at=None), nulls_distinct=False, name="brake_in_force_once"
            ),
            models.CheckConstraint(
                condition=Q(opened_at=None) | Q(opened_at__gte=F("closed_at")) & ~Q(answer=""), name="brake_answered"
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class Tick(models.Model):
    """When beat last asked for suspensions: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="tick_once")]
