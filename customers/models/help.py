"""Questions of a customer's people to their partner; history, which stays with the partner of its time."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Assignment
from partners.models import Partner


class HelpRequest(models.Model):
    """What was asked, and mailed to the partner; answers go by mail. `instance` is the name of that day, or empty."""

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField()
    assignment = models.ForeignKey(Assignment, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, related_name="+")
    who = models.CharField(_("who"), max_length=320)
    instance = models.CharField(_("about"), max_length=40, blank=True)
    text = models.TextField(_("message"))
    created_at = models.DateTimeField(_("asked"))

    class Meta:
        verbose_name, verbose_name_plural = _("question"), _("questions")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["partner", "customer_id", "assignment"], name="help_wall"),
            models.Index(fields=["customer_id", "created_at"], name="help_customer_at"),
            models.Index(fields=["user", "created_at"], name="help_user_at"),
        ]

    def __str__(self) -> str:
        return f"{self.who}, {self.created_at:%Y-%m-%d}"
