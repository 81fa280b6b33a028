"""The other zone tells of a partner who operates in both."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ondemand import clock, signing
from ondemand.bodies import parsed
from ondemand.tenancy.context import as_worker
from ondemand.tenancy.marker import outside_transaction
from partners.forms import EnrolmentForm
from partners.models import Partner
from partners.services import EnrolmentConflict, enrol_partner


@csrf_exempt
@login_not_required
@outside_transaction
@require_POST
def enrolments(request: HttpRequest) -> HttpResponse:
    """Enrol the partner here too; again with the same code: the same answer. 401 unless the peer signed it."""
    now = clock.now()
    signature = request.headers.get(signing.HEADER, "")
    if not signing.is_signed(request.body, signature, key=settings.PEER_SECRET, now=now):
        return JsonResponse({"error": "not signed by the other zone"}, status=401)
    try:
        form = EnrolmentForm(parsed(request.body))
        if not form.is_valid():
            return JsonResponse({"error": form.errors.get_json_data()}, status=400)
        with as_worker():
            partner = enrol_partner(form.enrolment, both=False, now=now)
            Partner.objects.filter(pk=partner.pk).update(peer_state=Partner.Peer.DONE)
    except EnrolmentConflict as error:
        return JsonResponse({"error": str(error)}, status=409)
    except (ValueError, AttributeError, TypeError, ValidationError):
        return JsonResponse({"error": "the body is not an enrolment"}, status=400)
    return JsonResponse({"code": partner.code})
