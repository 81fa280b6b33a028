"""Customers and their people: what lives, and moves with its customer; and whose it was when."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ondemand.teams.invitations import BaseInvitation
from partners.models import Partner, Plan


class CustomerQuerySet(models.QuerySet["Customer"]):
    def for_partner(self, partner_id: int | None) -> CustomerQuerySet:
        return self.filter(partner_id=partner_id)


class Customer(models.Model):
    """A company. The contact is its owner's; `plan` is the one it signed up for; `instances` is kept by that app.

    `invoiced` and `paid` are totals over its invoices in minor units of `currency`, kept by the billing sync.
    `balance` is what Stripe adds to the next invoice, or where it is negative takes off it.
    """

    class State(models.TextChoices):
        PAID = "paid", pgettext_lazy("customer", "paid")
        DUE = "due", _("due")
        PAST_DUE = "past_due", _("past due")
        CANCELLED = "cancelled", pgettext_lazy("customer", "cancelled")

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="customers")
    name = models.CharField(_("company"), max_length=100)
    contact_name = models.CharField(_("contact"), max_length=100)
    contact_email = models.EmailField(_("e-mail"))
    country = models.CharField(_("country"), max_length=2)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    acquired_at = models.DateTimeField(_("acquired"))
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    state = models.CharField(_("payment status"), max_length=10, choices=State, default=State.DUE)
    currency = models.CharField(max_length=3)
    invoiced = models.BigIntegerField(_("invoiced"), default=0)
    paid = models.BigIntegerField(_("paid"), default=0)
    refunded = models.BigIntegerField(_("refunded"), default=0)
    credited = models.BigIntegerField(_("credited"), default=0)
    balance = models.BigIntegerField(_("balance"), default=0)
    instances = models.PositiveIntegerField(_("instances"), default=0)
    stripe_id = models.CharField(max_length=255)
    support_allowed = models.BooleanField(_("support access"), default=True)
    erased_at = models.DateTimeField(null=True)  # from then on nothing here names it

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("customer"), _("customers")
        indexes = [
            models.Index(fields=["partner", "name", "id"], name="customer_by_name"),
            models.Index(fields=["partner", "acquired_at", "id"], name="customer_by_acquired"),
            models.Index(fields=["stripe_id"], name="customer_at_stripe"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "id"], name="customer_key"),
            models.UniqueConstraint(fields=["partner", "stripe_id"], name="customer_stripe_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("customer", args=[self.pk])


class Person(models.Model):
    """A customer's person. Lives: (partner, customer) follows the customer, ON UPDATE CASCADE."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        BILLING = "billing", _("billing")
        TECHNICAL = "technical", _("technical")

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, db_constraint=False, db_index=False, related_name="people")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="customer_roles")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.OWNER)
    active = models.BooleanField(_("active"), default=True)
    used_at = models.DateTimeField(null=True, editable=False)  # chosen by who has several

    class Meta:
        verbose_name, verbose_name_plural = _("customer's person"), _("customers' people")
        constraints = [
            models.UniqueConstraint(fields=["partner", "customer", "user"], name="person_once"),
        ]

    def get_absolute_url(self) -> str:
        return reverse("account-team-seat", args=[self.pk])


class PersonInvitation(BaseInvitation):
    """To become one of a customer's people. Lives: it moves with its customer."""

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer = models.ForeignKey(
        Customer, models.CASCADE, db_constraint=False, db_index=False, related_name="invitations"
    )
    role = models.CharField(_("role"), max_length=10, choices=Person.Role)

    class Meta:
        verbose_name, verbose_name_plural = _("invitation"), _("invitations")
        indexes = [models.Index(fields=["token_hash"], name="person_invitation_by_token")]
        constraints = [
            models.UniqueConstraint(fields=["partner", "customer", "id"], name="person_invitation_key"),
            models.UniqueConstraint(
                fields=["partner", "customer", "email"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="person_invitation_one_pending",
            ),
        ]


class Assignment(models.Model):
    """Whose customer it was, from when to when, and under which name. Its key to the customer crosses on purpose."""

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="assignments")
    name = models.CharField(max_length=100)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("assignment"), _("assignments")
        constraints = [
            models.UniqueConstraint(fields=["partner", "customer", "id"], name="assignment_key"),
            ExclusionConstraint(
                name="assignment_no_overlap",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    (Func(F("since"), F("until"), function="tstzrange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
