"""What all of a partner's screens share."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, cast

from babel.core import Locale
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import get_language, to_locale
from django.views import View

from ondemand import audit
from ondemand.clock import now
from ondemand.portal.views import ListScreen
from ondemand.scopes import TenantRequest, person_of, require_person, sees_instances, sees_money, within

GREATEST_ID = 2**63 - 1


class TenantList(ListScreen):
    """A list of a tenant's own rows; who takes a file of it is written down."""

    export_name: ClassVar[str]

    def exported(self, request: HttpRequest, rows: int) -> None:
        asked = cast(TenantRequest, request)
        if asked.tenancy.read_only:  # staff who look: written down before (ondemand.scopes)
            return
        audit.record(
            "list.exported",
            now=now(),
            actor=person_of(request),
            partner_id=asked.tenancy.partner_id,
            customer_id=asked.tenancy.customer_id,
            target=self.export_name,
            list=self.export_name,
            rows=rows,
            query=request.GET.urlencode()[:500],
            **within(request),
        )


class PartnerList(TenantList):
    """For a partner's members."""


class AccountList(TenantList):
    """For a customer's people; `roles` are theirs."""

    roles: ClassVar[frozenset[str]]

    def admit(self, request: HttpRequest) -> None:
        require_person(request, self.roles)


def by_role(owner: type[View], *, finance: type[View], support: type[View]) -> Callable[..., HttpResponseBase]:
    """One address, a screen for each role: finance meet no instances, support no money figures."""
    full, without_instances, without_money = owner.as_view(), finance.as_view(), support.as_view()

    def screen(request: HttpRequest, **kwargs: object) -> HttpResponseBase:
        if not sees_money(request):
            return without_money(request, **kwargs)
        return (full if sees_instances(request) else without_instances)(request, **kwargs)

    screen.view_class = owner  # type: ignore[attr-defined]  # where Django's own as_view() leaves it
    return screen


def row_id(text: str | None) -> int | None:
    """An id as it comes in a URL; None for what can be none."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > 19:
        return None
    return number if (number := int(text)) <= GREATEST_ID else None


def country_name(code: str) -> str:
    """In the reader's language; the code itself where it names no country."""
    locale = Locale.parse(to_locale(get_language() or "en"))
    return str(locale.territories.get(code.upper(), code))
