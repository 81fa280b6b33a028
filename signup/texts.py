"""The texts that a sign-up accepts: a page for each version, at an address that stays."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from signup.terms import VERSIONS


@login_not_required
@require_safe
def text(request: HttpRequest, kind: str, version: str) -> HttpResponse:
    """`kind`: terms or privacy."""
    if version not in VERSIONS:
        raise Http404
    return render(request, f"signup/{kind}/{version}.html", {"version": version})
