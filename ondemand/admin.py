"""Staff: people, the audit trail, Stripe's events, the mail log."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ondemand import audit, clock
from ondemand.hints import hint
from ondemand.models import AuditEntry, Mail, StripeEvent, User
from ondemand.staff import ReadOnlyAdmin, acting

admin.site.site_header = admin.site.site_title = _("Openbravo On Demand: staff")
admin.site.index_title = _("What staff keep in order")


@admin.register(User)
class PersonAdmin(UserAdmin):
    """People sign in by their e-mail address, so nobody is made without one."""

    add_fieldsets = (
        (None, {"classes": ["wide"], "fields": ["username", "email", "usable_password", "password1", "password2"]}),
    )


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor", "verb", "target", "partner_id", "customer_id"]
    list_filter = ["verb"]
    search_fields = ["actor", "target"]


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ["created", "type", "object_id", "state", "tries", "next_try_at", "error"]
    list_filter = ["state", "object_kind"]
    search_fields = ["id", "object_id"]
    actions = ["retry"]

    @admin.action(description=_("Try again now"), permissions=["view"])
    def retry(self, request: HttpRequest, events: QuerySet[StripeEvent]) -> None:
        now = clock.now()
        states = [StripeEvent.State.WAITING, StripeEvent.State.DEAD]
        events.filter(state__in=states).update(state=StripeEvent.State.WAITING, tries=0, next_try_at=now)
        audit.record("events.retried", now=now, actor=acting(request), count=events.count())
        hint("ondemand.tasks.sweep")


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "recipient", "subject", "state", "sent_at", "error"]
    list_filter = ["state"]
    search_fields = ["recipient", "subject"]
    actions = ["resend"]

    @admin.action(description=_("Send again"), permissions=["view"])
    def resend(self, request: HttpRequest, mails: QuerySet[Mail]) -> None:
        now = clock.now()
        kept = mails.exclude(text="")  # an old mail has lost its text
        count = kept.update(state=Mail.State.QUEUED, tries=0, next_try_at=now)
        audit.record("mails.resent", now=now, actor=acting(request), count=count)
        hint("ondemand.tasks.send_mails")
