"""What a partner earns: terms with date ranges, and one diary of signed rows that are never amended."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.models import InvoiceLine
from partners.models import Partner, Product


class CommissionTerms(models.Model):
    """The rate, in basis points, for a partner and product from `starts` up to and without `ends`.

    Never edited: a new version begins on a date, and only then is the earlier one's end set.
    """

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    rate = models.PositiveIntegerField(_("rate in basis points"), validators=[MaxValueValidator(10_000)])
    hold_days = models.PositiveSmallIntegerField(_("days before it is payable"), default=30)
    starts = models.DateField(_("from"))
    ends = models.DateField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=254)

    class Meta:
        verbose_name, verbose_name_plural = _("commission terms"), _("commission terms")
        ordering = ["partner", "product", "-starts"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "id"], name="terms_key"),
            models.CheckConstraint(condition=Q(rate__lte=10_000), name="terms_rate_at_most_all"),
            models.CheckConstraint(condition=Q(ends=None) | Q(ends__gt=F("starts")), name="terms_forward"),
            ExclusionConstraint(
                name="terms_no_overlap",
                expressions=[
                    ("partner", RangeOperators.EQUAL),
                    ("product", RangeOperators.EQUAL),
                    (Func(F("starts"), F("ends"), function="daterange"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("Other terms of this partner and product hold in that time."),
            ),
        ]


class CommissionQuerySet(models.QuerySet["Commission"]):
    def for_partner(self, partner_id: int | None) -> CommissionQuerySet:
        return self.filter(partner_id=partner_id)


class Commission(models.Model):
    """One row of the diary. `amount` and `base` in minor units of `currency`, with their sign.

    It stores what it was made from: base, the share of the invoice that was settled (`settled` of
    `due`), rate and terms, and `source_id`, Stripe's id of the cause. `date` is the cause's day in the zone.
    """

    class Kind(models.TextChoices):
        EARNING = "earning", _("earning")
        CAP = "cap", _("cap")
        REVERSAL = "reversal", _("reversal")
        REINSTATEMENT = "reinstatement", _("reinstatement")
        ADJUSTMENT = "adjustment", _("adjustment")

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="+")
    customer_id = models.BigIntegerField(db_index=True, null=True)
    customer_name = models.CharField(max_length=100, blank=True)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    line = models.ForeignKey(
        InvoiceLine,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="commissions",
    )
    invoice_number = models.CharField(max_length=60, blank=True)
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", null=True)
    source_id = models.CharField(max_length=255)
    base = models.BigIntegerField(_("base"))
    settled = models.BigIntegerField()
    due = models.BigIntegerField()
    rate = models.PositiveIntegerField(_("rate"))
    terms = models.ForeignKey(
        CommissionTerms, models.PROTECT, db_constraint=False, db_index=False, null=True, related_name="+"
    )
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField(_("commission"))
    date = models.DateField(_("date"))
    month = models.DateField()
    payable_on = models.DateField(_("payable on"))
    created_at = models.DateTimeField()

    objects = CommissionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("commission"), _("commissions")
        ordering = ["-date", "-id"]
        indexes = [
            models.Index(fields=["partner", "date", "id"], name="commission_by_date"),
            models.Index(fields=["partner", "line"], name="commission_line"),
            models.Index(fields=["partner", "currency", "payable_on"], name="commission_payable"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "id"], name="commission_key"),
            models.UniqueConstraint(
                fields=["partner", "kind", "line", "source_id"],
                name="commission_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(kind="adjustment") | Q(line__isnull=False, terms__isnull=False),
                name="commission_has_inputs",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("commission", args=[self.pk])
