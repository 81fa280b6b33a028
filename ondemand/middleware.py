"""The innermost middleware: the transaction of a request, around view and rendering."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

from ondemand import audit
from ondemand.networks import address_of
from ondemand.scopes import TenantRequest, scope_of, support_of
from ondemand.tenancy.context import tenant
from ondemand.tenancy.marker import runs_outside


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
        if _outside(request):
            return self.get_response(request)
        with tenant(asked.tenancy):
            response = self.get_response(request)
            _refuse_stream(response)
            if asked.failed or response.status_code >= 500:
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


def _refuse_stream(response: HttpResponseBase) -> None:
    if response.streaming and not isinstance(response, FileResponse):
        raise RuntimeError("A stream would read rows after the transaction: write a file first.")
