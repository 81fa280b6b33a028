"""What becomes of a stopped instance: a last backup, three warnings, and its end on a date that was foretold."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, F, Q
from django.utils.translation import gettext_lazy as _

from instances.models.brake import Brake
from ondemand import clock
from partners.models import Partner

NOTICES = (30, 7, 1)  # days ahead


class DeletionQuerySet(models.QuerySet["Deletion"]):
    def open(self) -> DeletionQuerySet:
        return self.filter(withdrawn_at=None)

    def ahead(self) -> DeletionQuerySet:
        """Which may still be withdrawn."""
        return self.open().filter(begun_on=None)

    def to_back_up(self, now: datetime) -> DeletionQuerySet:
        today = clock.business_day(now)
        waiting = self.ahead().filter(backed_up_at=None, backup_on__lte=today, next_try_at__lte=now)
        return waiting.filter(instance__state="suspended")

    def to_tell(self, now: datetime) -> DeletionQuerySet:
        """Of which the next warning is due, or whose date was missed, so that it is foretold anew."""
        today = clock.business_day(now)
        first, second, last = NOTICES
        due = (
            Q(told=None, delete_on__lte=today + timedelta(days=first))
            | Q(told=first, delete_on__lte=today + timedelta(days=second))
            | Q(told=second, delete_on__lte=today + timedelta(days=last))
            | Q(told=last, delete_on__lt=today)
        )
        return self.unbraked().filter(due, backed_up_at__isnull=False)

    def to_begin(self, now: datetime) -> DeletionQuerySet:
        today = clock.business_day(now)
        return self.unbraked().filter(told=NOTICES[-1], delete_on=today, next_try_at__lte=now)

    def unbraked(self) -> DeletionQuerySet:
        return self.ahead().exclude(Exists(Brake.objects.in_force()))


class Deletion(models.Model):
    """Foretold with the suspension that leads to it, withdrawn with its end. Lives: it moves with its instance.

    `told`: of how many days ahead its people were warned last. From `begun_on` on there is no way back. Dates are
    business days; `delete_on` only ever moves later.
    """

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField(db_index=True)
    instance = models.ForeignKey(
        "instances.Instance", models.CASCADE, db_constraint=False, db_index=False, related_name="deletions"
    )
    opened_at = models.DateTimeField(_("foretold"))
    backup_on = models.DateField(_("last backup on"))
    delete_on = models.DateField(_("deleted on"))
    backed_up_at = models.DateTimeField(_("backed up"), null=True)
    backup_file = models.CharField(max_length=200, blank=True)
    backup_bytes = models.BigIntegerField(default=0)
    told = models.PositiveSmallIntegerField(_("warned, days ahead"), null=True)
    begun_on = models.DateField(null=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.TextField(blank=True)

    objects = DeletionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("deletion"), _("deletions")
        ordering = ["-opened_at", "-id"]
        indexes = [models.Index(fields=["partner", "instance"], name="deletion_instance")]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "instance"], condition=Q(withdrawn_at=None), name="deletion_once"
            ),
            models.CheckConstraint(
                condition=Q(begun_on=None)
                | Q(begun_on__gte=F("delete_on"), told=NOTICES[-1], backed_up_at__isnull=False, withdrawn_at=None),
                name="deletion_foretold",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instance}: {self.delete_on}"
