"""Staff: sign-ups in progress, those that are stuck, and the decision on those in review."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ondemand import audit, clock
from ondemand.hints import hint
from ondemand.staff import ReadOnlyAdmin, acting, apply_each
from signup.models import SignUp
from signup.services import review
from signup.services.review import NotInReview


class DecisionForm(forms.Form):
    why = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy(
            "Kept in the audit trail, where the partner's owner can read it. The customer is not told."
        ),
        error_messages={"required": gettext_lazy("Say why: whoever looks at it later must understand it.")},
        widget=forms.TextInput(attrs={"size": 80, "autofocus": True}),
    )


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
        """First the page that asks why, then `act` on each that is in review still."""
        form = DecisionForm(request.POST if "why" in request.POST else None)
        held = signups.filter(state=SignUp.State.REVIEW)
        if form.is_valid():
            now, given = clock.now(), {"by": acting(request), "why": form.cleaned_data["why"]}
            apply_each(request, held, lambda row: act(row, **given, now=now), NotInReview)
            return None
        context = self.admin_site.each_context(request) | {
            "title": title,
            "opts": self.opts,
            "form": form,
            "rows": [(signup, self.held_for(signup)) for signup in held],
            "action": request.POST["action"],
        }
        return render(request, "admin/decide.html", context, status=422 if form.errors else 200)
