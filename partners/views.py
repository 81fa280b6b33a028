"""The partner's account for money: set up at Stripe, by the owner or finance."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ondemand import clock
from ondemand.gateway.errors import GatewayError
from ondemand.scopes import MONEY, TenantRequest, person_of, require_role
from ondemand.tenancy.context import as_worker
from ondemand.tenancy.marker import outside_transaction
from partners.models import Partner
from partners.services import open_bank_account


@outside_transaction
@require_POST
def bank_account(request: HttpRequest) -> HttpResponse:
    require_role(request, MONEY)
    with as_worker():
        partner = Partner.objects.get(pk=cast(TenantRequest, request).tenancy.partner_id or 0)
    back = settings.ONDEMAND_URL + reverse("payments")
    try:
        url = open_bank_account(partner, email=person_of(request).email, return_url=back, now=clock.now())
    except GatewayError:
        messages.error(request, _("The payment provider cannot be reached right now. Try again in a minute."))
        return redirect("payments")
    return redirect(url)
