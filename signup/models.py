"""A registration in progress, from the form to the running instance; and how many looked at the page."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from partners.models import Campaign, Partner, Plan


class SignUpQuerySet(models.QuerySet["SignUp"]):
    def to_expire(self, now: datetime) -> SignUpQuerySet:
        return self.filter(state__in=SignUp.OPEN, expires_at__lte=now)

    def completed_since(self, since: datetime) -> SignUpQuerySet:
        return self.filter(state=SignUp.State.COMPLETED, completed_at__gt=since)

    def to_look_at(self, now: datetime) -> SignUpQuerySet:
        """At Checkout, and neither the return page nor the webhook has brought word for a while."""
        return self.filter(state=SignUp.State.CHECKOUT, next_try_at__lte=now)


class SignUp(models.Model):
    """One registration. Ids of what it became are data: it is history and does not move.

    `secret_hash` is the SHA-256 of the browser's secret, without which nobody chooses the password.
    """

    class State(models.TextChoices):
        STARTED = "started", _("started")
        CHECKOUT = "checkout", _("at the card")
        COMPLETED = "completed", _("completed")
        EXPIRED = "expired", _("expired")
        REFUSED = "refused", _("refused")

    OPEN = (State.STARTED, State.CHECKOUT)

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    campaign = models.ForeignKey(Campaign, models.PROTECT, db_constraint=False, db_index=False, related_name="signups")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    secret_hash = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.STARTED)
    company = models.CharField(_("company"), max_length=100)
    contact_name = models.CharField(_("name"), max_length=100)
    email = models.EmailField(_("e-mail"))
    username = models.CharField(_("username"), max_length=40)
    country = models.CharField(_("country"), max_length=2)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    language = models.CharField(max_length=5)
    network = models.CharField(max_length=43, blank=True)  # of the browser that began it, for the limits
    terms_version = models.CharField(max_length=20)
    terms_accepted_at = models.DateTimeField()
    ordered_by = models.BigIntegerField(null=True)  # a signed-in customer's person orders another
    customer_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    instance_id = models.BigIntegerField(null=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    stripe_customer_id = models.CharField(max_length=255, blank=True)
    session_id = models.CharField(max_length=255, blank=True)
    session_url = models.CharField(max_length=2000, blank=True)
    created_at = models.DateTimeField()
    attempted_at = models.DateTimeField()  # of this attempt: what is sent to Stripe under its key depends on it
    completed_at = models.DateTimeField(null=True)
    password_chosen_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    objects = SignUpQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("sign-up"), _("sign-ups")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["partner", "campaign", "created_at"], name="signup_campaign"),
            models.Index(fields=["next_try_at"], condition=Q(state__in=["started", "checkout"]), name="signup_open"),
            models.Index(fields=["network", "completed_at"], condition=Q(state="completed"), name="signup_network"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                condition=Q(state__in=["started", "checkout"]),
                name="signup_username_once",
                violation_error_message=_("This username is taken. Choose another one."),
            ),
            models.CheckConstraint(
                condition=~Q(state="completed") | Q(customer_id__isnull=False, instance_id__isnull=False),
                name="signup_completed_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company} ({self.username})"


class PageVisits(models.Model):
    """How often a campaign's page was opened on a business day."""

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    campaign = models.ForeignKey(Campaign, models.CASCADE, db_constraint=False, db_index=False, related_name="visits")
    day = models.DateField()
    visits = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "campaign", "day"], name="visits_once"),
        ]
