"""Partners and their people; what they sell (products, plans) and where (campaigns)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ondemand.teams.invitations import BaseInvitation

ORIGINS_AT_MOST = 10  # of a campaign
CODE = RegexValidator(
    r"^[a-z0-9]+(?:-[a-z0-9]+)*\Z", _("Use lower-case letters, digits and single hyphens between them.")
)

# No hyphen, so that a campaign's slug, partner-product, can be read in one way only.
PRODUCT_CODE = RegexValidator(r"^[a-z0-9]+\Z", _("Use lower-case letters and digits alone."))


class Product(models.Model):
    """What is sold: OBPS, or OB for Retail. `stripe_id` appears once Stripe knows it."""

    code = models.CharField(_("code"), max_length=30, unique=True, validators=[PRODUCT_CODE])
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)
    retail = models.BooleanField(_("has POS terminals"), default=False)
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField()
    stripe_id = models.CharField(max_length=255, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("product"), _("products")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Plan(models.Model):
    """Prices of a product in the zone's currency: minor units a month; above what is included, per unit."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="plans")
    code = models.CharField(_("code"), max_length=30, validators=[CODE])
    name = models.CharField(_("name"), max_length=60)
    currency = models.CharField(max_length=3)
    base = models.PositiveIntegerField(_("base price a month"))
    per_user = models.PositiveIntegerField(_("per named user"))
    per_terminal = models.PositiveIntegerField(_("per POS terminal"), default=0)
    per_gb = models.PositiveIntegerField(_("per GB of disk"))
    included_users = models.PositiveIntegerField(_("users included"), default=0)
    included_terminals = models.PositiveIntegerField(_("terminals included"), default=0)
    included_gb = models.PositiveIntegerField(_("GB included"), default=0)
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(default=0)
    stripe_base_price = models.CharField(max_length=255, blank=True)
    stripe_user_price = models.CharField(max_length=255, blank=True)
    stripe_terminal_price = models.CharField(max_length=255, blank=True)
    stripe_gb_price = models.CharField(max_length=255, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("plan"), _("plans")
        ordering = ["product", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "code"],
                name="plan_once",
                violation_error_message=_("This product already has a plan of that code."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class PartnerQuerySet(models.QuerySet["Partner"]):
    def active(self) -> PartnerQuerySet:
        return self.filter(state=Partner.State.ACTIVE)

    def to_tell_peer(self, now: object) -> PartnerQuerySet:
        return self.filter(peer_state=Partner.Peer.PENDING, peer_next_try_at__lte=now)


class Partner(models.Model):
    """A partner in this zone. Enrolled in both zones, the other deployment has a row with the same code."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        LEFT = "left", _("left")

    class Peer(models.TextChoices):
        NONE = "none", _("this zone alone")
        PENDING = "pending", _("the other zone is being told")
        DONE = "done", _("in both zones")

    code = models.CharField(_("code"), max_length=30, unique=True, validators=[CODE])
    name = models.CharField(_("name"), max_length=100)
    country = models.CharField(_("country"), max_length=2)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    support_email = models.EmailField(_("support e-mail"), blank=True)
    support_phone = models.CharField(_("support phone"), max_length=40, blank=True)
    created_at = models.DateTimeField()
    peer_state = models.CharField(max_length=10, choices=Peer, default=Peer.NONE)
    peer_tries = models.PositiveSmallIntegerField(default=0)
    peer_next_try_at = models.DateTimeField(null=True)
    peer_error = models.TextField(blank=True)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("partner"), _("partners")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        FINANCE = "finance", _("finance")
        SUPPORT = "support", _("support")

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.OWNER)
    active = models.BooleanField(_("active"), default=True)
    used_at = models.DateTimeField(null=True, editable=False)  # chosen by who has several

    class Meta:
        verbose_name, verbose_name_plural = _("member"), _("members")
        constraints = [models.UniqueConstraint(fields=["partner", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    def get_absolute_url(self) -> str:
        return reverse("team-seat", args=[self.pk])


class Invitation(BaseInvitation):
    """To become a partner's member."""

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="invitations")
    role = models.CharField(_("role"), max_length=10, choices=Member.Role)

    class Meta:
        verbose_name, verbose_name_plural = _("invitation"), _("invitations")
        indexes = [models.Index(fields=["token_hash"], name="invitation_by_token")]
        constraints = [
            models.UniqueConstraint(fields=["partner", "id"], name="invitation_key"),
            models.UniqueConstraint(
                fields=["partner", "email"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="invitation_one_pending",
            ),
        ]


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def open(self) -> CampaignQuerySet:
        """Whose pages take sign-ups now."""
        return self.filter(active=True, product__active=True, partner__state=Partner.State.ACTIVE)


class Campaign(models.Model):
    """A partner × a product; owns one sign-up page, found by its slug."""

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="campaigns")
    product = models.ForeignKey(Product, models.PROTECT, related_name="campaigns")
    slug = models.SlugField(max_length=70, unique=True)
    active = models.BooleanField(_("active"), default=True)
    allowed_origins = ArrayField(models.CharField(max_length=270), default=list, blank=True, size=ORIGINS_AT_MOST)
    created_at = models.DateTimeField()

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("campaign"), _("campaigns")
        constraints = [
            models.UniqueConstraint(fields=["partner", "product"], name="campaign_once"),
            models.UniqueConstraint(fields=["partner", "id"], name="campaign_key"),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def path(self) -> str:
        return reverse("signup", args=[self.slug])

    @property
    def url(self) -> str:
        return f"{settings.ONDEMAND_URL}{self.path}"

    @property
    def embed_url(self) -> str:
        """Of the first step, for a frame in a page of one of `allowed_origins`."""
        return f"{self.url}embed/"


class BankAccount(models.Model):
    """Where a partner's money goes: an account at Stripe Connect. A change is a new row; one is current."""

    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="bank_accounts")
    stripe_id = models.CharField(max_length=255)
    transfers_enabled = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("bank account"), _("bank accounts")
        constraints = [
            models.UniqueConstraint(fields=["partner", "id"], name="bank_account_key"),
            models.UniqueConstraint(fields=["partner"], condition=Q(replaced_at=None), name="bank_account_one_current"),
        ]

    def __str__(self) -> str:
        return self.stripe_id
