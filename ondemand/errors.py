"""Pages for what went wrong before a view was reached."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is too old or its cookie is gone: say what to do."""
    text = _("This form has expired, or cookies are switched off. Go back, reload the page and send it again.")
    return render(request, "403.html", {"exception": text}, status=403)
