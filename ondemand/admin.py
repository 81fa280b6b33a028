"""Staff: people, the audit trail, the mail log."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from allauth.account.admin import EmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.db.models import OuterRef, QuerySet, Subquery
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from ondemand import audit, clock
from ondemand.accounts import hand_over
from ondemand.audit import words
from ondemand.audit.verbs import Area, verbs_of
from ondemand.hints import hint
from ondemand.models import AuditEntry, Comparison, Erasure, Mail, StripeEvent, User
from ondemand.personal.admin import ErasureAdmin, erase_link
from ondemand.portal import values
from ondemand.screens import row_id
from ondemand.staff import ReadOnlyAdmin, RecordedAdmin, acting
from ondemand.stripe_admin import ComparisonAdmin, StripeEventAdmin
from partners.models import Partner

ONE_TIME_LINK = re.compile(r"(/accounts/(?:password|join|confirm-email)/)\S+")
admin.site.site_header = admin.site.site_title = _("Openbravo On Demand: staff")
admin.site.index_title = _("What staff keep in order")
admin.site.register(Erasure, ErasureAdmin)
admin.site.register(StripeEvent, StripeEventAdmin)
admin.site.register(Comparison, ComparisonAdmin)


@admin.register(User)
class PersonAdmin(RecordedAdmin, UserAdmin):
    """People sign in by their e-mail address, so nobody is made without one; staff are who reads its mail.

    They are erased, never deleted.
    """

    list_display = ("username", "email", "first_name", "last_name", "is_staff", "erase")

    add_fieldsets = (
        (None, {"classes": ["wide"], "fields": ["username", "email", "usable_password", "password1", "password2"]}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.is_staff:
            hand_over(obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    @admin.display(description=_("erase"))
    def erase(self, user: User) -> SafeString:
        return erase_link("person", user.pk)


admin.site.unregister([EmailAddress, Authenticator, UserSession, Group])


@admin.register(EmailAddress)
class AddressAdmin(RecordedAdmin, EmailAddressAdmin):  # type: ignore[misc]  # allauth has no types
    """allauth's, but that edits are recorded."""


@admin.register(Authenticator)
class FactorAdmin(RecordedAdmin, AuthenticatorAdmin):  # type: ignore[misc]
    """allauth's, but that edits are recorded: staff take a lost factor away, and see nobody's secret."""

    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(UserSession)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ["user", "created_at", "ip", "user_agent"]
    search_fields = ["user__email"]
    fields = ["user", "created_at", "ip", "user_agent"]


@admin.register(Group)
class RecordedGroupAdmin(RecordedAdmin, GroupAdmin):
    """Django's, but that edits are recorded."""


class AreaFilter(admin.SimpleListFilter):
    title, parameter_name = _("what"), "area"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Area.choices)

    def queryset(self, request: HttpRequest, rows: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return rows.filter(verb__in=verbs_of(self.value() or "")) if self.value() else rows


class PartnerFilter(admin.SimpleListFilter):
    title, parameter_name = _("partner"), "partner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(pk), name) for pk, name in Partner.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, rows: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return rows.filter(partner_id=row_id(self.value())) if self.value() else rows


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who leads to all that the same person did, what to all of the same verb."""

    list_display = ["at", "who", "what", "partner", "customer", "address"]
    list_display_links = ["at"]
    list_filter = [AreaFilter, PartnerFilter]
    search_fields = ["actor", "target", "address"]
    search_help_text = _("Who, about what, or from where")
    fields = ["at", "who", "what", "verb", "target", "partner", "customer", "address", "detail"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        partner = Partner.objects.filter(pk=OuterRef("partner_id")).values("name")
        customer = Customer.objects.filter(pk=OuterRef("customer_id")).values("name")
        rows: QuerySet[AuditEntry] = super().get_queryset(request)
        return rows.annotate(partner_name=Subquery(partner), customer_name=Subquery(customer))

    @admin.display(description=_("who"))
    def who(self, entry: Any) -> str:
        return _alike(words.who(entry), actor=entry.actor)

    @admin.display(description=_("what"))
    def what(self, entry: Any) -> str:
        return _alike(words.what(entry), verb=entry.verb)

    @admin.display(description=_("partner"))
    def partner(self, entry: Any) -> Any:
        return entry.partner_name

    @admin.display(description=_("customer"))
    def customer(self, entry: Any) -> Any:
        return entry.customer_name


def _alike(text: str, **chosen: str) -> str:
    return values.link(f"{reverse('admin:ondemand_auditentry_changelist')}?{urlencode(chosen)}", text)


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    """Without the links by which a password is chosen or a team joined: they are for who receives the mail."""

    fields = ["recipient", "reply_to", "subject", "shown", "state", "created_at", "sent_at", "tries", "error"]
    list_display = ["created_at", "recipient", "subject", "state", "sent_at", "error"]
    list_filter = ["state"]
    search_fields = ["recipient", "subject"]
    actions = ["resend"]

    @admin.display(description=_("text"))
    def shown(self, mail: Mail) -> str:
        return ONE_TIME_LINK.sub(r"\1…", mail.text)

    @admin.action(description=_("Send again"), permissions=["act"])
    def resend(self, request: HttpRequest, mails: QuerySet[Mail]) -> None:
        now = clock.now()
        kept = mails.exclude(text="")  # an old mail has lost its text
        count = kept.update(state=Mail.State.QUEUED, tries=0, next_try_at=now)
        audit.record("mails.resent", now=now, actor=acting(request), count=count)
        hint("ondemand.tasks.send_mails")
