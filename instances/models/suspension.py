"""Why instances are suspended: a row for each cause, open until it is mended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from ondemand import clock
from partners.models import Partner


@dataclass(frozen=True)
class Rest:
    """When an instance was suspended: from and up to, None where that is not over; they may overlap."""

    spans: tuple[tuple[datetime, datetime | None], ...]

    def holds(self, day: date) -> bool:
        """A usage day that begins suspended counts no usage, whatever comes later; so it never has to be recounted."""
        begins = clock.end_of_usage_day(day - timedelta(days=1))
        return any(since <= begins and (until is None or until > begins) for since, until in self.spans)

    def holds_all(self, days: Iterable[date]) -> bool:
        each = [self.holds(day) for day in days]
        return bool(each) and all(each)


class SuspensionQuerySet(models.QuerySet["Suspension"]):
    def with_reason_told(self) -> SuspensionQuerySet:
        """With `reason_told`: of an abuse staff alone read the reason, as it may be about others, and wrong."""
        abuse = When(cause=Suspension.Cause.ABUSE, then=Value(""))
        return self.annotate(reason_told=Case(abuse, default=F("reason")))

    def rest(self) -> Rest:
        """Of one instance."""
        return Rest(tuple(self.order_by().values_list("opened_at", "closed_at")))

    def open(self) -> SuspensionQuerySet:
        return self.filter(closed_at=None)


class Suspension(models.Model):
    """An instance is suspended while a cause is open, and runs again when none is. Lives: it moves with its instance.

    Without `opened_by` the platform itself opened it.
    """

    class Cause(models.TextChoices):
        UNPAID = "unpaid", _("unpaid")
        STAFF = "staff", _("by Openbravo")
        ABUSE = "abuse", _("abuse")
        TERM_ENDED = "term_ended", _("the term has ended")

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField(db_index=True)
    instance = models.ForeignKey(
        "instances.Instance", models.CASCADE, db_constraint=False, db_index=False, related_name="suspensions"
    )
    cause = models.CharField(_("cause"), max_length=12, choices=Cause)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    opened_at = models.DateTimeField(_("since"))
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(_("until"), null=True)
    told = models.BooleanField(default=False)  # by mail: that it is suspended
    told_over = models.BooleanField(default=False)  # by mail: that it runs again

    objects = SuspensionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("suspension"), _("suspensions")
        ordering = ["-opened_at", "-id"]
        indexes = [models.Index(fields=["partner", "instance"], name="suspension_instance")]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "instance", "cause"], condition=Q(closed_at=None), name="suspension_open_once"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")), name="suspension_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instance}: {self.get_cause_display()}"
