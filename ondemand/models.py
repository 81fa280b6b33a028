"""The platform's own rows: people, who did what, what Stripe rang about, what was mailed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

HOST_LABEL = RegexValidator(
    r"^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){2,39}\Z",
    _("Use 3 to 40 lower-case letters, digits and single hyphens; begin with a letter."),
)


class User(AbstractUser):
    """A person. `username` is also the name in the ERP and the first label of the instance's address."""

    email = models.EmailField(_("e-mail"))
    username = models.CharField(
        _("username"),
        max_length=40,
        unique=True,
        validators=[HOST_LABEL],
        error_messages={"unique": _("This username is taken. Choose another one.")},
    )
    language = models.CharField(_("language"), max_length=5, default="en")
    session_round = models.PositiveIntegerField(default=0)  # sessions of an earlier round have ended

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_any_case",
                violation_error_message=_("This e-mail address is in use."),
            )
        ]

    @property
    def name(self) -> str:
        return self.get_full_name() or self.email

    def get_session_auth_hash(self) -> str:
        return self._in_round(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        yield from map(self._in_round, super().get_session_auth_fallback_hash())

    def _in_round(self, session_hash: str) -> str:
        return f"{session_hash}.{self.session_round}"


class AuditEntry(models.Model):
    """Append-only, by trigger; ids are data, not keys, so that it outlives what it speaks of.

    `for_partner` and `for_customer`: whether the owner of that side reads it; the walls compare them too.
    `address` is the client's, empty for the platform's own deeds. It alone may be set to NULL once the entry is 30
    days old (app.keep_the_trail), by the worker: trust.md keeps addresses no longer.
    """

    at = models.DateTimeField(_("when"))
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(_("who"), max_length=254)
    partner_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    for_partner = models.BooleanField(default=False)
    for_customer = models.BooleanField(default=False)
    verb = models.CharField(_("what"), max_length=40)
    target = models.CharField(max_length=120, blank=True)
    detail = models.JSONField(default=dict)
    address = models.GenericIPAddressField(_("from"), null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("audit entry"), _("audit trail")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["partner_id", "at", "id"], name="audit_partner_at"),
            models.Index(fields=["customer_id", "at", "id"], name="audit_customer_at"),
            models.Index(fields=["at", "id"], name="audit_at"),
            models.Index(fields=["at"], condition=models.Q(address__isnull=False), name="audit_with_address"),
        ]


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def due(self, now: datetime) -> ErasureQuerySet:
        return self.filter(state=Erasure.State.CONFIRMED, next_try_at__lte=now)


class Erasure(models.Model):
    """Of a customer or of a person: the row is the job. Ids are data, so that it outlives what it speaks of.

    A customer's owner asks, staff confirm; a person's own request is confirmed by the person. `stripe_ids` are all that
    the customer was at Stripe; events about them that came up to `events_until` hold no text.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("asked for")
        CONFIRMED = "confirmed", _("under way")
        DONE = "done", _("done")

    partner_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ASKED)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    asked_by = models.BigIntegerField()
    asked_at = models.DateTimeField(_("asked"))
    confirmed_by = models.BigIntegerField(null=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    done_at = models.DateTimeField(_("done"), null=True)
    stripe_ids = models.JSONField(default=list)
    events_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.CharField(max_length=300, blank=True)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("erasure"), _("erasures")
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(fields=["partner_id", "asked_at"], name="erasure_partner_at"),
            models.Index(fields=["next_try_at"], condition=models.Q(state="confirmed"), name="erasure_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner_id", "customer_id"], name="erasure_customer_once"),
            models.UniqueConstraint(fields=["user_id"], name="erasure_user_once"),
            models.CheckConstraint(
                condition=models.Q(partner_id__isnull=False, customer_id__isnull=False, user_id=None)
                | models.Q(partner_id=None, customer_id=None, user_id__isnull=False),
                name="erasure_of_one",
            ),
            models.CheckConstraint(
                condition=models.Q(state="asked") | models.Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="erasure_confirmed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"customer {self.customer_id}" if self.customer_id else f"person {self.user_id}"


class RetiredName(models.Model):
    """A username or instance's name that was erased, as a SHA-256: nobody else gets what its old address leads to."""

    digest = models.CharField(max_length=64, unique=True)
    retired_at = models.DateTimeField()


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    def waiting(self, now: datetime) -> StripeEventQuerySet:
        return self.filter(state=StripeEvent.State.WAITING, next_try_at__lte=now)

    def unfinished(self) -> StripeEventQuerySet:
        return self.filter(state__in=[StripeEvent.State.WAITING, StripeEvent.State.DEAD])

    def about(self, kinds: tuple[str, ...]) -> StripeEventQuerySet:
        return self.filter(object_kind__in=kinds)


class StripeEvent(models.Model):
    """The inbox. An event is a doorbell: what it is about is fetched again.

    `error` is of the last try; `reason` says why it was ignored, empty for kinds that nobody here needs.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        DEAD = "dead", _("dead")
        IGNORED = "ignored", _("ignored")

    id = models.CharField(primary_key=True, max_length=255)
    account = models.CharField(max_length=255, blank=True)  # a partner's Connect account, or ours
    type = models.CharField(max_length=100)
    object_kind = models.CharField(max_length=60)
    object_id = models.CharField(max_length=255)
    created = models.DateTimeField()
    received_at = models.DateTimeField()
    polled = models.BooleanField(default=False)  # seen in Stripe's own list: up to the newest nothing is missing
    payload = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("Stripe event"), _("Stripe events")
        ordering = ["-created", "-id"]
        indexes = [
            models.Index(
                fields=["object_kind", "next_try_at"],
                condition=models.Q(state="waiting"),
                name="event_waiting",
            ),
            models.Index(fields=["account", "object_id"], name="event_object"),
            models.Index(fields=["created"], name="event_created"),
            models.Index(fields=["received_at"], name="event_received"),
            models.Index(fields=["created"], condition=models.Q(polled=True), name="event_polled"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "done", "dead", "ignored"]), name="event_state"
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.object_id}"


class Comparison(models.Model):
    """One look at what Stripe and we say of the same objects. What differed stands in its differences."""

    part = models.CharField(_("part"), max_length=20)  # the app whose objects were compared
    since = models.DateTimeField(_("since"), null=True)  # of objects created then or later; none: of all
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    looked_at = models.PositiveIntegerField(_("looked at"), default=0)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("comparison with Stripe"), _("comparisons with Stripe")
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["started_at"], name="comparison_started")]

    def __str__(self) -> str:
        return f"{self.part} {self.started_at:%Y-%m-%d %H:%M}"


class Difference(models.Model):
    """An object of which we said something else than Stripe. Mended unless `error` says why not."""

    comparison = models.ForeignKey(Comparison, models.CASCADE, related_name="differences")
    kind = models.CharField(_("kind"), max_length=40)
    object_id = models.CharField(_("object"), max_length=255)
    ours = models.JSONField(_("ours"), encoder=DjangoJSONEncoder)
    theirs = models.JSONField(_("Stripe's"), encoder=DjangoJSONEncoder)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("difference"), _("differences")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class Mail(models.Model):
    """A mail, claimed once by its key and sent by a worker; also the mail log."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    key = models.CharField(max_length=200, unique=True)
    partner_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    recipient = models.EmailField()
    reply_to = models.EmailField(blank=True)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("mail"), _("mail log")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=models.Q(state="queued"), name="mail_queued"),
            models.Index(fields=["partner_id", "created_at"], name="mail_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.recipient}"
