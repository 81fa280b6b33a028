"""Entries of the trail as rows."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from ondemand.audit import words
from ondemand.models import AuditEntry
from ondemand.portal import values
from ondemand.portal.tables import Cell, DateTimeCell, ListTable, TextCell


class WhoCell(Cell):
    kind = "mail"

    def draw(self, value: str, row: Any) -> str:
        return values.breakable(words.who(row))


class WhatCell(Cell):
    """The deed, in words."""

    kind = "link"  # as wide as the text that leads somewhere

    def draw(self, value: str, row: Any) -> str:
        return words.what(row)


class TrailTable(ListTable):
    at = DateTimeCell(verbose_name=_("when"))
    who = WhoCell(accessor="actor", verbose_name=_("who"), orderable=False)
    what = WhatCell(accessor="verb", verbose_name=_("what"), orderable=False)
    address = TextCell(verbose_name=_("from"), orderable=False)

    class Meta(ListTable.Meta):
        model = AuditEntry
        fields = ()
        order_by = "-at"
