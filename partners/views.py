"""What was done in a partner's name; and the partner's account for money, which is set up at Stripe."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from customers.models import Customer
from ondemand import clock
from ondemand.audit.tables import TrailTable
from ondemand.audit.views import DEED, EXPORT, Trail
from ondemand.gateway.errors import GatewayError
from ondemand.models import AuditEntry
from ondemand.portal.exports import Column
from ondemand.portal.tables import LinkCell
from ondemand.scopes import MONEY, OWNER, TenantRequest, partner_id_of, person_of, require_role
from ondemand.screens import PartnerList
from ondemand.tenancy.context import as_worker
from ondemand.tenancy.marker import outside_transaction
from partners.models import Partner
from partners.services import open_bank_account


def customer_page(entry: AuditEntry) -> str:
    return reverse("customer", args=[entry.customer_id])


class ActivityTable(TrailTable):
    about = LinkCell(url=customer_page, verbose_name=gettext_lazy("about"), orderable=False)

    class Meta(TrailTable.Meta):
        sequence = ("at", "who", "what", "about", "address")


class Activity(Trail, PartnerList):
    """For the owner: what members did, and what was done for the partner."""

    lead = gettext_lazy("What your team did here, and what Openbravo and your customers did that concerns you.")
    kicker = gettext_lazy("Partner")
    roles = OWNER
    table_class = ActivityTable
    export = [*EXPORT, Column("about", "about")]

    def rows(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        mine = AuditEntry.objects.filter(partner_id=partner_id_of(request), for_partner=True)
        name = Customer.objects.filter(pk=OuterRef("customer_id")).values("name")
        return mine.annotate(deed=DEED, about=Subquery(name))


@outside_transaction
@require_POST
def bank_account(request: HttpRequest) -> HttpResponse:
    require_role(request, MONEY)
    with as_worker():
        partner = Partner.objects.get(pk=cast(TenantRequest, request).tenancy.partner_id or 0)
    back = settings.ONDEMAND_URL + reverse("payments")
    user = person_of(request)
    try:
        url = open_bank_account(partner, email=user.email, return_url=back, now=clock.now(), actor=user)
    except GatewayError:
        messages.error(request, _("The payment provider cannot be reached right now. Try again in a minute."))
        return redirect("payments")
    return redirect(url)
