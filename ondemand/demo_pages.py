"""Pages that exist in the demo alone: the mails that were sent."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from ondemand.models import Mail
from ondemand.tenancy.context import as_worker
from ondemand.tenancy.marker import outside_transaction

MOST = 100


@login_not_required
@outside_transaction
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    with as_worker():
        shown = list(Mail.objects.all()[:MOST])
    return render(request, "demo/mails.html", {"mails": shown})


urlpatterns: list[URLPattern] = [path("mail/", mails, name="demo-mails")]
