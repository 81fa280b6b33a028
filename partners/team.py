"""/team/: a partner's members."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from ondemand.scopes import MEMBER, OWNER, TenantRequest, require_member, require_role
from ondemand.teams.changes import Team
from ondemand.teams.sides import Side
from partners.models import Invitation, Member, Partner


def team_of(partner: Partner) -> Team:
    return Team(
        name=partner.name,
        seats=Member,
        invitations=Invitation,
        keys={"partner_id": partner.pk},
        noun="member",
        join="team-join",
        usernames=f"p-{partner.code}",
    )


def _team_here(request: HttpRequest) -> Team:
    return team_of(get_object_or_404(Partner, pk=cast(TenantRequest, request).tenancy.partner_id))


MEMBERS = Side(
    seats=Member,
    invitations=Invitation,
    prefix="team",
    landing="dashboard",
    kept_as=MEMBER,
    title=_("Team"),
    lead=_("Your colleagues in this portal, and what each may do."),
    roles_help=[
        (_("owner"), _("Everything, and this team.")),
        (_("finance"), _("Commissions and payments; customers, to read.")),
        (_("support"), _("Customers, instances and sign-up pages; no money figures.")),
    ],
    owners_only=lambda request: require_role(request, OWNER),
    own_seat=require_member,
    team_of=_team_here,
    invited_to=lambda invitation: team_of(invitation.partner),
)
