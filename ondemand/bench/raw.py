"""The webhook written by hand: the least that verifies, stores and answers under the same server and middleware."""

from __future__ import annotations

import hashlib
import hmac
import json
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ondemand.settings")

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from ondemand.bench.ringing import PATH

INSERT = """
INSERT INTO ondemand_stripeevent (id, account, type, object_kind, object_id, created, received_at, polled, payload,
  state, tries, next_try_at, error, reason)
VALUES (%s, '', %s, %s, %s, to_timestamp(%s), now(), false, %s, 'waiting', 0, now(), '', '')
ON CONFLICT DO NOTHING"""


@csrf_exempt
@login_not_required
def webhook(request: HttpRequest) -> HttpResponse:
    at, signed = (part.partition("=")[2] for part in request.headers["Stripe-Signature"].split(","))
    secret = settings.STRIPE_WEBHOOK_SECRETS[0].encode()
    expected = hmac.new(secret, f"{at}.".encode() + request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signed, expected):
        return HttpResponse(status=400)
    event = json.loads(request.body)
    about = event["data"]["object"]
    given = [event["id"], event["type"], about["object"], about["id"], event["created"], request.body.decode()]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, given)
    return HttpResponse(status=200)


settings.ROOT_URLCONF = __name__
application = get_wsgi_application()  # from here on models may be imported
urlpatterns = [path(PATH[1:], webhook), path("", include("ondemand.urls"))]
