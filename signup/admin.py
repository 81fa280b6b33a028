"""Staff: sign-ups in progress, and those that are stuck."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ondemand import audit, clock
from ondemand.hints import hint
from ondemand.staff import ReadOnlyAdmin, acting
from signup.models import SignUp


@admin.register(SignUp)
class SignUpAdmin(ReadOnlyAdmin):
    list_display = ["company", "username", "email", "campaign", "state", "created_at", "reason"]
    list_filter = ["state", "campaign"]
    search_fields = ["company", "username", "email"]
    exclude = ["secret_hash"]
    actions = ["retry"]

    @admin.action(description=_("Ask Stripe again whether the card was accepted"), permissions=["view"])
    def retry(self, request: HttpRequest, signups: QuerySet[SignUp]) -> None:
        now = clock.now()
        for signup in signups.filter(state__in=SignUp.OPEN):
            audit.record("signup.retried", now=now, actor=acting(request), partner_id=signup.partner_id, target=signup)
            hint("signup.tasks.complete", signup.pk)
