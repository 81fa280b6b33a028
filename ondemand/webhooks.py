"""Stripe rings: verify who rings, note it, answer 200 after COMMIT. Nothing else happens in the request.

An event that can only have come here by a mistake of configuration is a 400: Stripe shows it to who can mend it, and
sends it again for three days.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ondemand import clock, inbox
from ondemand.bodies import is_larger
from ondemand.gateway.errors import WrongSignature
from ondemand.gateway.events import EventFacts, verified
from ondemand.hints import hint

MOST_BYTES = 1_000_000  # an event shows at most ten of an object's lines


@csrf_exempt
@login_not_required
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Of our own account."""
    return _take(request, settings.STRIPE_WEBHOOK_SECRETS, settings.STRIPE_WAKES, of_partners=False)


@csrf_exempt
@login_not_required
@require_POST
def connect_webhook(request: HttpRequest) -> HttpResponse:
    """Of the partners' own accounts, with a secret of its own."""
    return _take(request, settings.STRIPE_CONNECT_WEBHOOK_SECRETS, settings.STRIPE_CONNECT_WAKES, of_partners=True)


def _take(request: HttpRequest, secrets: list[str], wakes: dict[str, str], *, of_partners: bool) -> HttpResponse:
    if is_larger(request, MOST_BYTES):
        return _refused(413, "This is larger than any event.")
    try:
        event = verified(request.body, request.headers.get("Stripe-Signature", ""), secrets)
    except WrongSignature:
        return _refused(400, "This was not signed by Stripe.")
    if event.livemode != (settings.STRIPE_MODE == "live"):
        return _refused(400, "This event is of another mode.")
    if bool(event.account) != of_partners:
        return _refused(400, "This event is of another account: the other address takes it.")
    _note(event, wakes.get(event.object_kind))
    return HttpResponse(status=200)


def _note(event: EventFacts, task: str | None) -> None:
    inbox.store(event, wanted=task is not None, now=clock.now())
    if task:
        hint(task)


def _refused(status: int, why: str) -> HttpResponse:
    return HttpResponse(why, status=status, content_type="text/plain")
