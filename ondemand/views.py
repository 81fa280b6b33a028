"""Where a person lands, their theme, and whether the platform is well."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language

from ondemand.clock import now
from ondemand.models import User
from ondemand.scopes import customers_person_of, member_of, person_of
from ondemand.tenancy.context import Scope, tenant
from ondemand.tenancy.marker import outside_transaction
from ondemand.tenancy.roles import Role

YEAR = 365 * 24 * 3600
SECURITY_TXT_HOLDS = timedelta(days=180)


@outside_transaction
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A member lands on the Dashboard, a customer's person in the account, staff in the admin; the last used first."""
    member, person = member_of(request), customers_person_of(request)
    if member and not (person and person.used_at and (not member.used_at or member.used_at < person.used_at)):
        return redirect("dashboard")
    if person:
        return redirect("account")
    if person_of(request).is_staff:
        return redirect("admin:index")
    return redirect("account_email")


@login_not_required
@outside_transaction
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the device says; kept in a cookie."""
    wanted = request.POST.get("next", "/")
    here = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    answer = HttpResponseRedirect(wanted if here else "/")  # redirect() takes a bare word for a page's name
    theme = request.POST.get("theme", "")
    answer.set_cookie(
        settings.THEME_COOKIE_NAME,
        theme if theme in ("light", "dark") else "",
        max_age=YEAR,
        secure=settings.PRODUCTION,
        httponly=True,
        samesite="Lax",
    )
    return answer


@login_not_required
@outside_transaction
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask here on pages that name no icon, such as the admin's."""
    return redirect(static("img/favicon.svg"))


@login_not_required
@outside_transaction
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The language of pages, by a cookie; and of a signed-in person's mails."""
    answer = set_language(request)
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        with tenant(Scope(Role.AUTH)):
            User.objects.filter(pk=request.user.pk).update(language=chosen)
    return answer


@login_not_required
@outside_transaction
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a hole (RFC 9116); the file may be believed for a year at the most."""
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {now() + SECURITY_TXT_HOLDS:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(code for code, _ in settings.LANGUAGES)}",
        f"Canonical: {settings.ONDEMAND_URL}{reverse('security-txt')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@login_not_required
@outside_transaction
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers, and every migration has run."""
    try:
        behind = MigrationExecutor(connection).loader
        missing = [str(key) for key in behind.graph.leaf_nodes() if key not in behind.applied_migrations]
    except DatabaseError:
        return JsonResponse({"ready": False, "why": "the database does not answer"}, status=503)
    if missing:
        return JsonResponse({"ready": False, "why": f"migrations are missing: {', '.join(missing)}"}, status=503)
    return JsonResponse({"ready": True, "zone": settings.ZONE})
