"""Staff: what Stripe rang about and where it stands; what differed when Stripe and we were compared."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ondemand import clock, inbox
from ondemand.hints import hint
from ondemand.models import Comparison, Difference, StripeEvent, StripeEventQuerySet
from ondemand.staff import ReadOnlyAdmin, ReadOnlyInline, acting, ask_why

Choices = dict[str, tuple[str | Promise, Q]]


class ChoiceFilter(admin.SimpleListFilter):
    """Rows by a few named conditions."""

    choices_of: Choices

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, label) for name, (label, _condition) in self.choices_of.items()]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return rows.filter(self.choices_of[value][1]) if value in self.choices_of else rows


class StandingFilter(ChoiceFilter):
    title, parameter_name = gettext_lazy("where they stand"), "standing"
    choices_of: Choices = {
        "waiting": (gettext_lazy("waiting"), Q(state="waiting", tries=0)),
        "failed": (gettext_lazy("failed, tried again"), Q(state="waiting", tries__gt=0)),
        "dead": (gettext_lazy("dead"), Q(state="dead")),
        "done": (gettext_lazy("done"), Q(state="done")),
        "ignored": (gettext_lazy("ignored"), Q(state="ignored")),
    }


class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ["created", "type", "object_id", "state", "tries", "next_try_at", "said"]
    list_filter = [StandingFilter, "object_kind"]
    search_fields = ["id", "object_id", "account"]
    search_help_text = gettext_lazy("The event's id, its object's, or the account's")
    actions = ["retry", "ignore"]

    @admin.display(description=gettext_lazy("what was said"))
    def said(self, event: StripeEvent) -> str:
        return event.reason or event.error

    @admin.action(description=gettext_lazy("Try again now"), permissions=["act"])
    def retry(self, request: HttpRequest, events: StripeEventQuerySet) -> None:
        count = inbox.retry(events, by=acting(request), now=clock.now())
        hint("ondemand.tasks.sweep")
        self._tell(request, count)

    @admin.action(description=gettext_lazy("Ignore: nobody needs them"), permissions=["act"])
    def ignore(self, request: HttpRequest, events: StripeEventQuerySet) -> HttpResponse | None:
        open_ones = events.unfinished()

        def act(why: str) -> None:
            self._tell(request, inbox.set_aside(open_ones, by=acting(request), why=why, now=clock.now()))

        return ask_why(
            self,
            request,
            open_ones,
            act,
            title=_("Ignore these events"),
            hint=_("Kept with the events and in the audit trail. What they are about is not written here."),
            about=lambda event: event.error,
        )

    def _tell(self, request: HttpRequest, count: int) -> None:
        messages.info(request, ngettext("%(count)d row done.", "%(count)d rows done.", count) % {"count": count})


class LeftFilter(ChoiceFilter):
    title, parameter_name = gettext_lazy("what was found"), "found"
    choices_of: Choices = {
        "differed": (gettext_lazy("something differed"), Q(differed__gt=0)),
        "left": (gettext_lazy("something is not mended"), Q(left__gt=0)),
        "stopped": (gettext_lazy("stopped by an error"), ~Q(error="")),
    }


class DifferenceInline(ReadOnlyInline):
    model = Difference
    fields = ["kind", "object_id", "ours", "theirs", "error"]


class ComparisonAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "part", "since", "looked_at", "differed", "left", "error"]
    list_filter = [LeftFilter, "part"]
    inlines = [DifferenceInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comparison]:
        left = Count("differences", filter=~Q(differences__error=""))
        return Comparison.objects.annotate(differed=Count("differences"), left=left)

    @admin.display(description=gettext_lazy("differed"), ordering="differed")
    def differed(self, comparison: Comparison) -> int:
        return int(vars(comparison)["differed"])

    @admin.display(description=gettext_lazy("not mended"), ordering="left")
    def left(self, comparison: Comparison) -> int:
        return int(vars(comparison)["left"])
