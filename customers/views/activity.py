"""What was done in a customer's account: by its own people, by the partner's members, by staff."""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ondemand.audit.views import DEED, Trail
from ondemand.models import AuditEntry
from ondemand.scopes import PERSON_OWNER, TenantRequest
from ondemand.screens import AccountList


class Activity(Trail, AccountList):
    lead = _("What your people did here, and what your partner and Openbravo did in your account.")
    kicker = _("Your account")
    roles = PERSON_OWNER

    def rows(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        customer_id = cast(TenantRequest, request).tenancy.customer_id
        return AuditEntry.objects.filter(customer_id=customer_id, for_customer=True).annotate(deed=DEED)
