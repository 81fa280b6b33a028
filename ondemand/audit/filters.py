"""How the trail is looked through."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter

from ondemand.audit.verbs import Area, verbs_of
from ondemand.clock import now
from ondemand.models import AuditEntry
from ondemand.portal.filters import ListFilter

PERIODS = [("1", _("the last 24 hours")), ("7", _("the last 7 days")), ("30", _("the last 30 days"))]


class TrailFilter(ListFilter):
    search = ("actor", "target", "address")
    search_hint = _("Who, about what, or from where")

    area = ChoiceFilter(label=_("What"), choices=Area.choices, method="of_area")
    days = ChoiceFilter(label=_("When"), choices=PERIODS, method="of_days")

    def of_area(self, rows: QuerySet[AuditEntry], name: str, value: str) -> QuerySet[AuditEntry]:
        return rows.filter(verb__in=verbs_of(value))

    def of_days(self, rows: QuerySet[AuditEntry], name: str, value: Any) -> QuerySet[AuditEntry]:
        return rows.filter(at__gte=now() - timedelta(days=int(value)))
