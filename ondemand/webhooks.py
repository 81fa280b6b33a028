"""Stripe rings: verify who rings, note it, answer 200 after COMMIT. Nothing else happens in the request."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ondemand import clock, inbox
from ondemand.gateway.errors import WrongSignature
from ondemand.gateway.events import EventFacts, verified
from ondemand.hints import hint


@csrf_exempt
@login_not_required
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    return _take(request, settings.STRIPE_WEBHOOK_SECRETS)


@csrf_exempt
@login_not_required
@require_POST
def connect_webhook(request: HttpRequest) -> HttpResponse:
    """Of the partners' own accounts, with a secret of its own."""
    return _take(request, settings.STRIPE_CONNECT_WEBHOOK_SECRETS)


def _take(request: HttpRequest, secrets: list[str]) -> HttpResponse:
    try:
        event = verified(request.body, request.headers.get("Stripe-Signature", ""), secrets)
    except WrongSignature:
        return HttpResponse("This was not signed by Stripe.", status=400, content_type="text/plain")
    if event.livemode != (settings.STRIPE_MODE == "live"):
        return HttpResponse("This event is of another mode.", status=400, content_type="text/plain")
    _note(event)
    return HttpResponse(status=200)


def _note(event: EventFacts) -> None:
    task = settings.STRIPE_WAKES.get(event.object_kind)
    inbox.store(event, wanted=task is not None, now=clock.now())
    if task:
        hint(task)
