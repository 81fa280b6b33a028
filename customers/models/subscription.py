"""A customer's subscriptions and their billing cycles."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import (
    Case,
    DateField,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models.billing import Invoice
from customers.models.customer import Customer
from ondemand import clock
from partners.models import Partner, Plan, Product

CARD_WARNED_BEFORE = (30, 7)  # days


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def live(self) -> SubscriptionQuerySet:
        return self.exclude(state__in=Subscription.ENDED)

    def ending(self) -> SubscriptionQuerySet:
        """Live ones whose end is set."""
        return self.live().filter(cancel_at__isnull=False)

    def to_preview(self, now: datetime) -> SubscriptionQuerySet:
        """Live ones of whose upcoming invoice nothing is known, or something has changed."""
        return self.live().filter(Q(upcoming=None) | Q(upcoming__next_look_at__lte=now))

    def with_suspension_date(self) -> Any:
        """These, with `oldest_unpaid`, the oldest open invoice's date, and `suspends_at`, when grace and exemption end.

        Both are NULL where all is paid.
        """
        unpaid = Invoice.objects.unpaid().filter(
            customer_id=OuterRef("customer_id"), subscription_stripe_id=OuterRef("stripe_id")
        )
        oldest = unpaid.order_by().values("customer_id").annotate(at=Min(Coalesce("effective_at", "created_at")))
        grace = ExpressionWrapper(F("grace_days") * Value(timedelta(days=1)), DurationField())
        end = ExpressionWrapper(F("oldest_unpaid") + grace, DateTimeField())
        found = self.annotate(oldest_unpaid=Subquery(oldest.values("at")))
        known = When(oldest_unpaid__isnull=False, then=Greatest(end, F("exempt_until")))  # PostgreSQL's skips NULL
        return found.annotate(suspends_at=Case(known, output_field=DateTimeField()))

    def overdue(self, now: datetime) -> SubscriptionQuerySet:
        """Live ones whose instances are to be suspended."""
        found: SubscriptionQuerySet = self.live().with_suspension_date().filter(suspends_at__lte=now)
        return found

    def card_to_warn(self, today: date) -> Any:
        """Live ones whose card ends soon, with `step`, the newest day of a warning that is due and was not mailed."""
        due = [
            When(card_ends__lte=today + timedelta(days=days), then=_days_before(days))
            for days in reversed(CARD_WARNED_BEFORE)
        ]
        ending = self.live().filter(card_ends__gte=today).annotate(step=Case(*due, output_field=DateField()))
        return ending.filter(Q(card_warned=None) | Q(card_warned__lt=F("step")), step__isnull=False)


def _days_before(days: int) -> ExpressionWrapper:
    return ExpressionWrapper(F("card_ends") - Value(days, IntegerField()), DateField())


class Subscription(models.Model):
    """A customer's subscription at Stripe, as fetched last. Lives: it moves with its customer."""

    class State(models.TextChoices):
        INCOMPLETE = "incomplete", _("incomplete")
        INCOMPLETE_EXPIRED = "incomplete_expired", _("expired")
        TRIALING = "trialing", _("trial")
        ACTIVE = "active", pgettext_lazy("subscription", "active")
        PAST_DUE = "past_due", _("past due")
        UNPAID = "unpaid", _("unpaid")
        PAUSED = "paused", _("paused")
        CANCELED = "canceled", pgettext_lazy("subscription", "cancelled")

    ENDED = (State.CANCELED, State.INCOMPLETE_EXPIRED)

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer = models.ForeignKey(
        Customer, models.PROTECT, db_constraint=False, db_index=False, related_name="subscriptions"
    )
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    stripe_id = models.CharField(max_length=255)
    state = models.CharField(_("state"), max_length=20, choices=State)
    started_at = models.DateTimeField()
    anchor = models.DateTimeField()  # cycles begin here and whole months before and after
    period_start = models.DateTimeField()
    period_end = models.DateTimeField(_("next billing date"))
    cancel_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    next_payment_attempt = models.DateTimeField(null=True, blank=True)
    card_brand = models.CharField(max_length=20, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    card_ends = models.DateField(null=True, blank=True)  # the last day on which it is good
    card_warned = models.DateField(null=True, blank=True)  # the day for which its end was mailed last
    grace_days = models.PositiveSmallIntegerField(_("days of grace"), default=14)
    exempt_until = models.DateTimeField(_("exempt until"), null=True, blank=True)
    exempt_reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("subscription"), _("subscriptions")
        indexes = [
            models.Index(fields=["partner", "customer"], name="subscription_customer"),
            models.Index(fields=["stripe_id"], name="subscription_at_stripe"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "id"], name="subscription_key"),
            models.UniqueConstraint(fields=["partner", "stripe_id"], name="subscription_stripe_once"),
            models.CheckConstraint(condition=Q(period_end__gte=F("period_start")), name="subscription_period_forward"),
        ]

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def card_text(self) -> str:
        """As customers know their card: brand and last digits."""
        return f"{self.card_brand.title()} •••• {self.card_last4}" if self.card_last4 else ""

    @property
    def ends_at(self) -> datetime | None:
        """The end that is set and still to come."""
        return None if self.state in self.ENDED else self.cancel_at

    @staticmethod
    def first_cycle_end(at: datetime) -> datetime:
        """The anchor of who signs up then: the zone's last midnight that Stripe takes, a month on.

        Stripe counts that month in UTC from the payment, which may come on the UTC day after: its month ends earlier
        where it is clamped (30 and 31 January, 28 February).
        """
        next_day = clock.end_of_usage_day(clock.usage_day(at))
        natural = min(clock.months_later(at, 1), clock.months_later(next_day, 1))
        return clock.midnight(clock.business_day(natural))

    def cycle_at(self, instant: datetime) -> tuple[datetime, datetime]:
        """The billing cycle that holds an instant: from, and up to without. The first begins at the start."""
        if instant < self.anchor:
            return self.started_at, self.anchor
        count = (instant.year - self.anchor.year) * 12 + instant.month - self.anchor.month
        if clock.months_later(self.anchor, count) > instant:
            count -= 1
        return clock.months_later(self.anchor, count), clock.months_later(self.anchor, count + 1)

    def term_ends_at(self, now: datetime) -> datetime:
        """The next end of a year: twelve cycles, of which the first may be shorter, and the same again."""
        first = 11 if self.started_at < self.anchor else 12
        begun = (now.year - self.anchor.year) * 12 + now.month - self.anchor.month - first
        terms = max(0, begun // 12)
        while (end := clock.months_later(self.anchor, first + 12 * terms)) <= now:
            terms += 1
        return end

    def cycles(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """Those that hold an instant between, newest first."""
        found = [self.cycle_at(until)]
        while found[-1][0] > max(since, self.started_at):
            found.append(self.cycle_at(found[-1][0] - timedelta(microseconds=1)))
        return found
