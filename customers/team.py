"""/account/team/: a customer's people."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, Person, PersonInvitation
from ondemand.scopes import PERSON, PERSON_EVERYONE, PERSON_OWNER, TenantRequest, require_person
from ondemand.teams.changes import Team
from ondemand.teams.sides import Side


def team_of(customer: Customer) -> Team:
    return Team(
        name=customer.name,
        seats=Person,
        invitations=PersonInvitation,
        keys={"partner_id": customer.partner_id, "customer_id": customer.pk},
        noun="person",
        join="account-team-join",
        usernames=f"c-{customer.pk}",
    )


def _team_here(request: HttpRequest) -> Team:
    return team_of(get_object_or_404(Customer, pk=cast(TenantRequest, request).tenancy.customer_id))


PEOPLE = Side(
    seats=Person,
    invitations=PersonInvitation,
    prefix="account-team",
    landing="account",
    kept_as=PERSON,
    title=_("Team"),
    lead=_("Your colleagues in this account, and what each may do."),
    roles_help=[
        (_("owner"), _("Everything, and this team.")),
        (_("billing"), _("Invoices and the card.")),
        (_("technical"), _("The instances.")),
    ],
    owners_only=lambda request: require_person(request, PERSON_OWNER),
    own_seat=lambda request: require_person(request, PERSON_EVERYONE),
    team_of=_team_here,
    invited_to=lambda invitation: team_of(invitation.customer),
)
