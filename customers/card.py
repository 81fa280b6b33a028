"""Changing the card, on Stripe's page."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers.models import Customer
from customers.services import card_url
from ondemand import audit
from ondemand.clock import now
from ondemand.gateway.errors import GatewayError
from ondemand.scopes import PERSON_BILLING, TenantRequest, person_of, require_person
from ondemand.tenancy.context import as_worker, tenant
from ondemand.tenancy.marker import outside_transaction


@outside_transaction
@require_POST
def card(request: HttpRequest) -> HttpResponse:
    asked = cast(TenantRequest, request)
    person = require_person(request, PERSON_BILLING)
    with tenant(asked.tenancy):
        customer = get_object_or_404(Customer, pk=person.customer_id)
    try:
        url = card_url(customer, return_url=settings.ONDEMAND_URL + reverse("account"))
    except GatewayError:
        messages.error(request, _("The payment provider cannot be reached right now. Try again in a minute."))
        return redirect("account")
    with as_worker():
        audit.record(
            "card.page_opened",
            now=now(),
            actor=person_of(request),
            partner_id=customer.partner_id,
            customer_id=customer.pk,
            target=customer.name,
        )
    return redirect(url)
