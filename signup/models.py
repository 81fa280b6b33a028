"""A registration in progress, from the form to the running instance; and how many looked at the page."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from partners.models import Campaign, Partner, Plan


class SignUpQuerySet(models.QuerySet["SignUp"]):
    def to_expire(self, now: datetime) -> SignUpQuerySet:
        return self.filter(state__in=SignUp.OPEN, expires_at__lte=now)

    def settled(self) -> SignUpQuerySet:
        """Nothing more becomes of them."""
        return self.filter(state__in=SignUp.SETTLED)

    def completed_since(self, since: datetime) -> SignUpQuerySet:
        return self.filter(state=SignUp.State.COMPLETED, completed_at__gt=since)

    def to_look_at(self, now: datetime) -> SignUpQuerySet:
        """At Checkout, and neither the return page nor the webhook has brought word for a while."""
        return self.filter(state=SignUp.State.CHECKOUT, next_try_at__lte=now)

    def to_remind(self, now: datetime, *, after: timedelta) -> SignUpQuerySet:
        """Newcomers' that were left for a while, and not reminded of yet."""
        left = self.filter(state__in=SignUp.OPEN, reminded_at=None, released_at=None, ordered_by=None)
        return left.filter(attempted_at__lte=now - after, expires_at__gt=now)

    def to_undo(self, now: datetime) -> SignUpQuerySet:
        """Refused, and Stripe has not answered yet that all is given back."""
        return self.filter(state=SignUp.State.REFUSING, next_try_at__lte=now)


class Doubt(models.TextChoices):
    """Why a sign-up is held for review (life.md, "Before the boot"). The words of REVIEW_RULES."""

    RISK = "risk", _("Stripe rates the payment's risk as elevated")
    COUNTRY = "country", _("the card's country is not the company's")
    DISPOSABLE = "disposable", _("the e-mail address is a disposable one")
    CARD = "card", _("the card was used on two other sign-ups")
    OWN = "own", _("a member of the partner signed up, or their card")
    MANY = "many", _("many sign-ups from one network or on one page within an hour")


class Step(models.TextChoices):
    """How far a sign-up came that is not finished."""

    FORM = "form", _("the form was sent, the card page did not open")
    DECLINED = "declined", _("the card was declined")
    LEFT = "left", _("the card page was left")


class SignUp(models.Model):
    """One registration. Ids of what it became are data: it is history and does not move.

    `secret_hash` is the SHA-256 of the browser's secret, without which nobody chooses the password.
    """

    class State(models.TextChoices):
        STARTED = "started", _("started")
        CHECKOUT = "checkout", _("at the card")
        REVIEW = "review", _("in review")
        COMPLETED = "completed", _("completed")
        EXPIRED = "expired", _("expired")
        REFUSING = "refusing", _("being refused")
        REFUSED = "refused", _("refused")

    OPEN = (State.STARTED, State.CHECKOUT)
    SETTLED = (State.COMPLETED, State.EXPIRED, State.REFUSED)
    KEEPS_USERNAME = (State.STARTED, State.CHECKOUT, State.REVIEW)

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
    step = models.CharField(_("step"), max_length=10, choices=Step, blank=True)  # looked at when it is left
    reminded_at = models.DateTimeField(null=True)
    unwanted_at = models.DateTimeField(null=True)  # the person asked for no reminder
    card_fingerprint = models.CharField(max_length=64, blank=True)  # Stripe's: the same for the same card number
    doubts = ArrayField(models.CharField(max_length=12, choices=Doubt), default=list, blank=True)
    held_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)

    objects = SignUpQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("sign-up"), _("sign-ups")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["partner", "campaign", "created_at"], name="signup_campaign"),
            models.Index(
                fields=["next_try_at"], condition=Q(state__in=["started", "checkout", "refusing"]), name="signup_open"
            ),
            models.Index(fields=["network", "completed_at"], condition=Q(state="completed"), name="signup_network"),
            models.Index(fields=["card_fingerprint"], condition=~Q(card_fingerprint=""), name="signup_card"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                condition=Q(state__in=["started", "checkout", "review"]),
                name="signup_username_once",
                violation_error_message=_("This username is taken. Choose another one."),
            ),
            models.CheckConstraint(
                condition=~Q(state="completed") | Q(customer_id__isnull=False, instance_id__isnull=False),
                name="signup_completed_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="review") | Q(doubts__len__gt=0, held_at__isnull=False),
                name="signup_review_has_reasons",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company} ({self.username})"

    @property
    def doubt_words(self) -> list[str]:
        return [str(Doubt(code).label) for code in self.doubts]

    @property
    def progress_url(self) -> str:
        return f"{settings.ONDEMAND_URL}{reverse('signup-progress', args=[self.public_id])}"


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
