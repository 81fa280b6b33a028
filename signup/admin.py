"""Staff: sign-ups in progress, those that are stuck, and the decision on those in review."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ondemand import audit, clock
from ondemand.hints import hint
from ondemand.staff import ReadOnlyAdmin, acting, apply_each, ask_why
from signup.models import SignUp
from signup.services import review
from signup.services.review import NotInReview


@admin.register(SignUp)
class SignUpAdmin(ReadOnlyAdmin):
    list_display = [
        "company",
        "username",
        "email",
        "campaign",
        "state",
        "step",
        "held_for",
        "held_at",
        "created_at",
        "reason",
    ]
    list_filter = ["state", "campaign"]
    list_select_related = ["campaign"]
    search_fields = ["company", "username", "email"]
    exclude = ["secret_hash"]
    actions = ["retry", "release", "refuse"]

    @admin.display(description=gettext_lazy("held because"))
    def held_for(self, signup: SignUp) -> str:
        return "; ".join(signup.doubt_words)

    @admin.action(description=gettext_lazy("Ask Stripe again whether the card was accepted"), permissions=["act"])
    def retry(self, request: HttpRequest, signups: QuerySet[SignUp]) -> None:
        now = clock.now()
        for signup in signups.filter(state__in=SignUp.OPEN):
            audit.record("signup.retried", now=now, actor=acting(request), partner_id=signup.partner_id, target=signup)
            hint("signup.tasks.complete", signup.pk)

    @admin.action(description=gettext_lazy("Release: boot it as any other"), permissions=["act"])
    def release(self, request: HttpRequest, signups: QuerySet[SignUp]) -> HttpResponse | None:
        return self._decide(request, signups, review.release, _("Release these sign-ups"))

    @admin.action(description=gettext_lazy("Refuse: cancel and refund in full"), permissions=["act"])
    def refuse(self, request: HttpRequest, signups: QuerySet[SignUp]) -> HttpResponse | None:
        return self._decide(request, signups, review.refuse, _("Refuse these sign-ups: cancel and refund in full"))

    def _decide(self, request: HttpRequest, signups: QuerySet[SignUp], act: Any, title: str) -> HttpResponse | None:
        """On each that is in review still."""
        held = signups.filter(state=SignUp.State.REVIEW).select_related("campaign")

        def decide(why: str) -> None:
            now, by = clock.now(), acting(request)
            apply_each(request, held, lambda row: act(row, by=by, why=why, now=now), NotInReview)

        return ask_why(
            self,
            request,
            held,
            decide,
            title=title,
            hint=_("Kept in the audit trail, where the partner's owner can read it. The customer is not told."),
            about=lambda signup: f"{signup.email}, {signup.campaign}: {self.held_for(signup)}",
        )
