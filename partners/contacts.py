"""Whom of a partner's to write to: addresses and languages."""

from __future__ import annotations

from django.conf import settings

from partners.models import Member, Partner

Contacts = list[tuple[str, str]]


def support_contacts(partner_id: int) -> Contacts:
    """The support's address, in the language of an owner; without one, the owners'."""
    known = _members(partner_id, Member.Role.OWNER)
    support = Partner.objects.values_list("support_email", flat=True).get(pk=partner_id)
    return [(support, known[0][1] if known else settings.LANGUAGE_CODE)] if support else known


def money_contacts(partner_id: int) -> Contacts:
    """Who may read amounts: finance members, or else the owners; of support nobody (design.md section 2)."""
    return _members(partner_id, Member.Role.FINANCE) or _members(partner_id, Member.Role.OWNER)


def _members(partner_id: int, role: str) -> Contacts:
    active = Member.objects.filter(partner_id=partner_id, role=role, active=True, user__is_active=True)
    return list(active.order_by("pk").values_list("user__email", "user__language"))
