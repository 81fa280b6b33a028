"""The admin's site: its sign-in is allauth's, and what nobody could have sent by its pages is a 400."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.core.exceptions import BadRequest, FieldDoesNotExist, ValidationError
from django.db import DataError, ProgrammingError
from django.http import HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.decorators import method_decorator
from psycopg2.errors import UndefinedFunction

View = Callable[..., HttpResponseBase]
# What Django's admin raises at a forged id, lookup, action or row of an inline form.
FORGED = (ValueError, LookupError, OverflowError, FieldDoesNotExist, ValidationError, DataError)


class StaffSite(admin.AdminSite):
    login = method_decorator(secure_admin_login)(admin.AdminSite.login)  # its own knows no second factor

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return super().admin_view(_forgeries_refused(view), cacheable)


def _forgeries_refused(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            answer = view(request, *args, **kwargs)
            return answer.render() if isinstance(answer, SimpleTemplateResponse) else answer
        except FORGED as error:
            raise BadRequest(f"Forged: {type(error).__name__}") from error
        except ProgrammingError as error:
            if isinstance(error.__cause__, UndefinedFunction):  # a lookup that the column's type has not
                raise BadRequest("Forged: a lookup") from error
            raise

    return guarded
