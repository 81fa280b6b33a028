"""Pages for what went wrong, that need no database; in the reader's language, whoever was reached before them.

htmx asks for a part of a page: it gets a sentence, which stands above what it leaves as it was.
"""

from __future__ import annotations

import logging
import secrets
import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language_from_request, override

logger = logging.getLogger(__name__)
TRY_AGAIN_SECONDS = "30"
IN_THE_SHELL = (403, 404, 429)  # what went wrong with others may have been in what the shell shows
ABOVE = {"HX-Retarget": "#main", "HX-Reswap": "afterbegin show:window:top", "HX-Reselect": "#failed"}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is too old or its cookie is gone: say what to do."""
    return _page(request, 403, template="403_csrf.html")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404)


def too_many(request: HttpRequest) -> HttpResponse:
    """allauth calls it too."""
    return _page(request, 429)


def server_error(request: HttpRequest) -> HttpResponse:
    """503 where the database does not answer, else 500; the log names the reference that the page shows."""
    error, reference = sys.exc_info()[1], secrets.token_hex(4)
    logger.error("Reference %s: %s at %s %s", reference, type(error).__name__, request.method, request.path)
    away = isinstance(error, (OperationalError, InterfaceError))
    answer = _page(request, 503 if away else 500, template="500.html", reference=reference)
    if away:
        answer.headers["Retry-After"] = TRY_AGAIN_SECONDS
    return answer


def _page(request: HttpRequest, status: int, *, template: str = "", **context: Any) -> HttpResponse:
    partly = bool(request.headers.get("HX-Request"))
    if partly:
        context["skeleton"] = "partials/failed.html"
    with override(get_language_from_request(request)):
        text = render_to_string(template or f"{status}.html", context, request if status in IN_THE_SHELL else None)
    return HttpResponse(text, status=status, headers=ABOVE if partly else None)
