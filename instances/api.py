"""Heartbeats: what instances report about themselves, signed with their own key."""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from instances.services import heartbeats
from ondemand import clock, signing
from ondemand.bodies import is_larger

log = logging.getLogger(__name__)
MOST_BYTES = 200_000


@csrf_exempt
@login_not_required
@require_POST
def heartbeat(request: HttpRequest) -> HttpResponse:
    """200 with what was taken and what was refused; 401 for a wrong key, 400 for a body that is none."""
    if is_larger(request, MOST_BYTES):
        return JsonResponse({"error": "too large"}, status=413)
    instance_id = request.headers.get("X-Ondemand-Instance", "")
    try:
        outcome = heartbeats.receive(
            request.body,
            instance_id=instance_id,
            signature=request.headers.get(signing.HEADER, ""),
            now=clock.now(),
        )
    except heartbeats.NotSigned as error:
        log.warning("heartbeat of %.60r: %s", instance_id, error)
        return JsonResponse({"error": str(error)}, status=401)
    except heartbeats.Refused as error:
        log.warning("heartbeat of %.60r: %s", instance_id, error)
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({"accepted": outcome.accepted, "refused": outcome.refused})
