"""Staff, and whoever approves or receives a partner's money, go no further without a second factor."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from ondemand.scopes import MONEY, person_of
from partners.models import Member

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
SET_UP = "/accounts/2fa/"
OPEN = frozenset({"account_reauthenticate", "account_logout"})


class SecondFactorMiddleware:
    """Outside the request's transaction: as portal_app, which reads who has a factor and nothing of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SECOND_FACTOR_REQUIRED and _is_closed(request) and _lacks_one(request):
            messages.info(request, _("Your role needs a second factor. Set one up here to go on."))
            place = reverse("mfa_index")
            return HttpResponseClientRedirect(place) if request.headers.get("HX-Request") else redirect(place)
        return self.get_response(request)


def _is_closed(request: HttpRequest) -> bool:
    """Pages for everyone are open, and so is what the set-up itself needs."""
    try:
        found = resolve(request.path_info)
    except Resolver404:
        return False
    for_everyone = not getattr(found.func, "login_required", True)
    return not (for_everyone or request.path_info.startswith(SET_UP) or found.url_name in OPEN)


def _lacks_one(request: HttpRequest) -> bool:
    if not request.user.is_authenticated:
        return False
    user = person_of(request)
    bound = user.is_staff or Member.objects.filter(user=user, active=True, role__in=MONEY).exists()
    return bound and not Authenticator.objects.filter(user=user, type__in=FACTORS).exists()
