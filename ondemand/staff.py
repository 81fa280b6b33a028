"""What the admin's screens share: rows that are only read, actions that are one service call each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy, ngettext

from ondemand import audit, clock
from ondemand.models import User

MOST_ASKED = 100  # rows for one reason: who gives it has seen them


class ReadOnlyAdmin(admin.ModelAdmin):
    """Staff read these rows; only services write them."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may run this screen's actions: whom Django would let change the rows, were there a form for it."""
        return acting(request).has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")


class RecordedAdmin(admin.ModelAdmin):
    """Staff edit these rows; each edit is in the trail, under `edited` and in the words of Django's admin."""

    edited: ClassVar[str] = "staff.changed"

    def partner_of(self, obj: Any) -> int | None:
        """In whose trail an edit belongs."""
        return None

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._record("staff.added", request, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        if message:  # a form may be saved without a change
            self._record(self.edited, request, obj, partner_id=self.partner_of(obj), changes=message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            self._record("staff.deleted", request, obj)
        return super().log_deletions(request, queryset)

    def _record(self, verb: str, request: HttpRequest, obj: Model, **more: Any) -> None:
        kind = str(self.opts.verbose_name)
        audit.record(verb, now=clock.now(), actor=acting(request), target=obj, kind=kind, **more)


class RowsInline(admin.options.InlineModelAdmin):
    """A few rows below another's page. A forged count makes no more forms than this: Django's own bound is 2,000."""

    extra = 0
    max_num = 100

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, **{"absolute_max": self.max_num} | kwargs)


class ReadOnlyInline(admin.TabularInline):
    """Rows below another's page, read alone."""

    can_delete = False
    extra = 0

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def acting(request: HttpRequest) -> User:
    return cast(User, request.user)


class ReasonForm(forms.Form):
    why = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        error_messages={"required": gettext_lazy("Say why: whoever looks at it later must understand it.")},
        widget=forms.TextInput(attrs={"size": 80, "autofocus": True}),
    )


def ask_why(
    screen: admin.ModelAdmin,
    request: HttpRequest,
    rows: QuerySet[Any],
    act: Callable[..., object],
    *,
    title: str,
    hint: str,
    about: Callable[[Any], str],
    form_class: type[ReasonForm] = ReasonForm,
) -> HttpResponse | None:
    """First the page that asks why and shows the first rows, each with what `about` says; then `act(why=…)`.

    `hint` says who will read the reason. What else `form_class` asks, `act` is given by its name.
    """
    form = form_class(request.POST if "why" in request.POST else None)
    form.fields["why"].help_text = hint
    if form.is_valid():
        act(**form.cleaned_data)
        return None
    context = screen.admin_site.each_context(request) | {
        "title": title,
        "opts": screen.opts,
        "form": form,
        "rows": [(row, about(row)) for row in rows.order_by("pk")[:MOST_ASKED]],
        "action": request.POST["action"],
    }
    return render(request, "admin/decide.html", context, status=422 if form.errors else 200)


def apply_each(
    request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], object], refusal: type[Exception]
) -> None:
    """Call `act` on every row; say how many it did, and each refusal in its own words."""
    done = 0
    for row in cast(Iterable[Any], rows.order_by("pk")):
        try:
            done += act(row) is not False
        except refusal as error:
            messages.error(request, str(error))
    messages.info(request, ngettext("%(count)d row done.", "%(count)d rows done.", done) % {"count": done})
