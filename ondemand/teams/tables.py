"""Who belongs to a team, as rows. A row is a partner's member or a customer's person."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from ondemand.portal.tables import BadgeCell, LinkCell, ListTable, MailCell, TextCell


class RoleCell(TextCell):
    """The stored role, in words."""

    def draw(self, value: Any, row: Any) -> str:
        return str(row.get_role_display())


class SeatTable(ListTable):
    name = LinkCell(accessor="user__name", verbose_name=_("name"), orderable=False)
    email = MailCell(accessor="user__email", verbose_name=_("e-mail"))
    role = RoleCell(verbose_name=_("role"))
    active = BadgeCell(
        {True: _("active"), False: _("disabled")}, {True: "good", False: "calm"}, verbose_name=_("state")
    )

    class Meta(ListTable.Meta):
        order_by = "email"
