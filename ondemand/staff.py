"""What the admin's screens share: rows that are only read, actions that are one service call each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import ngettext

from ondemand.models import User


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
