"""The innermost middleware: the transaction of a request, around view and rendering."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

from ondemand import audit
from ondemand.access.seats import Seat, seats_of
from ondemand.networks import address_of
from ondemand.scopes import TenantRequest, leave_support, person_of, scope_of, support_of
from ondemand.tenancy.context import tenant
from ondemand.tenancy.marker import runs_outside
from ondemand.tenancy.roles import Role

WITH_MENU = (Role.WEB, Role.CUSTOMER, Role.AUTH)


class TenantMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with audit.coming_from(address_of(request)):
            return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        asked = cast(TenantRequest, request)
        asked.member = asked.person = None
        asked.support = support_of(asked)
        asked.tenancy, asked.failed = scope_of(asked), False
        asked.seats = _seats(asked)
        response = self.get_response(request) if _outside(request) else self._within(asked)
        if asked.support and not asked.user.is_authenticated:
            leave_support(asked.support)
        return response

    def _within(self, request: TenantRequest) -> HttpResponseBase:
        with tenant(request.tenancy):
            response = self.get_response(request)
            _refuse_stream(response)
            if request.failed or response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: TenantRequest, exception: Exception) -> None:
        """Django turns an exception into an answer further in; what the view wrote goes with it."""
        request.failed = True


def _outside(request: HttpRequest) -> bool:
    """The middleware runs before the address is resolved, so it resolves it itself."""
    try:
        return runs_outside(resolve(request.path_info).func)
    except Resolver404:
        return True


def _seats(request: TenantRequest) -> list[Seat]:
    """Of who is on a page with the menu of a person, and there as themself."""
    themself = not request.support and not request.tenancy.read_only
    if request.tenancy.role not in WITH_MENU or not themself or not request.user.is_authenticated:
        return []
    return seats_of(person_of(request), current=request.member or request.person)


def _refuse_stream(response: HttpResponseBase) -> None:
    if response.streaming and not isinstance(response, FileResponse):
        raise RuntimeError("A stream would read rows after the transaction: write a file first.")
