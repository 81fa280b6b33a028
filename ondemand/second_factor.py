"""Staff, and whoever approves or receives a partner's money, go no further without a second factor."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRedirect

from ondemand.models import User
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


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth asks it before an authenticator app goes; ondemand.access.views asks it before a passkey goes."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": gettext_lazy(
            "Your role needs a second factor, and this is your last one. Add another one first, then remove this one."
        )
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        user = authenticator.user
        bound = settings.SECOND_FACTOR_REQUIRED and needs_factor(user)
        return bool(not bound or has_factor(user, besides=authenticator))


def needs_factor(user: User) -> bool:
    """Whoever is staff or receives a partner's money; where that is required at all."""
    return user.is_staff or Member.objects.filter(user=user, active=True, role__in=MONEY).exists()


def has_factor(user: User, *, besides: Authenticator | None = None) -> bool:
    """Recovery codes alone are none."""
    mine = Authenticator.objects.filter(user=user, type__in=FACTORS)
    return bool((mine.exclude(pk=besides.pk) if besides else mine).exists())


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
    return needs_factor(user) and not has_factor(user)
