"""Log in as customer: the token, and what became of it; history, which stays with the partner of its time."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models.customer import Assignment
from partners.models import Partner


class LoginTokenQuerySet(models.QuerySet["LoginToken"]):
    def unused(self) -> LoginTokenQuerySet:
        return self.filter(used_at=None, cancelled_at=None)

    def entered(self) -> LoginTokenQuerySet:
        return self.exclude(used_at=None)

    def running(self, now: datetime) -> LoginTokenQuerySet:
        return self.entered().filter(ended_at=None, session_expires_at__gt=now)


class LoginToken(models.Model):
    """A member's one-time way into a customer's account, and the session that its one use opened.

    Of token and session the SHA-256 alone is kept, in hexadecimal. `who`, `company` and `opened` are the names of
    that day: the customer reads who was there and in which instances, whatever became of them.
    """

    class Ending(models.TextChoices):
        MEMBER = "member", pgettext_lazy("support session", "ended by the member")
        CUSTOMER = "customer", pgettext_lazy("support session", "ended by the customer")
        REFUSED = "refused", pgettext_lazy("support session", "support access refused")
        RIGHT = "right", pgettext_lazy("support session", "the member's right ended")

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField()
    assignment = models.ForeignKey(Assignment, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, related_name="+")
    who = models.CharField(_("who"), max_length=320)
    company = models.CharField(max_length=100)
    reason = models.CharField(_("reason"), max_length=200)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(_("entered"), null=True)
    session_digest = models.CharField(max_length=64, blank=True)
    session_expires_at = models.DateTimeField(null=True)
    opened = ArrayField(models.CharField(max_length=40), verbose_name=_("instances opened"), blank=True, default=list)
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=10, choices=Ending, blank=True)

    objects = LoginTokenQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("login token"), _("login tokens")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["partner", "customer_id", "assignment"], name="login_wall"),
            models.Index(fields=["customer_id", "created_at"], name="login_customer_at"),
            models.Index(fields=["user", "created_at"], name="login_user_at"),
            models.Index(fields=["digest"], name="login_digest"),
            models.Index(fields=["session_digest"], condition=Q(used_at__isnull=False), name="login_session"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "digest"], name="login_digest_once"),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(session_expires_at__isnull=False), name="login_session_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.who} → {self.company}"

    @property
    def left_at(self) -> datetime | None:
        """When the session ended or will: nothing renews it."""
        return self.ended_at or self.session_expires_at
