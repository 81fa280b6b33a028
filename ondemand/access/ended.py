"""Whoever is not signed in is asked to be, told where a session has ended, and goes on where they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from ondemand.scopes import SAFE


class SignInMiddleware(LoginRequiredMiddleware):
    """Django's own, which comes back to the address of a POST or of a page's part, where no page is."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> Any:
        part, behind = bool(request.headers.get("HX-Request")), _page_behind(request)
        is_page = request.method in SAFE and not part
        told = {"next": request.get_full_path() if is_page else behind or "/"}
        if settings.SESSION_COOKIE_NAME in request.COOKIES or _needs_sign_in(behind):
            told["ended"] = "read" if request.method in SAFE else "sent"
        place = f"{reverse(settings.LOGIN_URL)}?{urlencode(told, safe='/')}"
        return HttpResponseClientRedirect(place) if part else redirect(place)


def _page_behind(request: HttpRequest) -> str:
    """The page of ours that the request was made from; empty where that is not told."""
    told = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if not url_has_allowed_host_and_scheme(told, {request.get_host()}):
        return ""
    return urlsplit(told)._replace(scheme="", netloc="", fragment="").geturl()


def _needs_sign_in(page: str) -> bool:
    """A browser forgets the cookie when the session ends: whoever comes from such a page was signed in."""
    try:
        return bool(page) and getattr(resolve(urlsplit(page).path).func, "login_required", True)
    except Resolver404:
        return False
