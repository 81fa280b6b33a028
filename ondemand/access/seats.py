"""The seats of a person: a member's at partners, a person's at customers. The session names one for each area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db.models import CharField, F, QuerySet, Value
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from customers.models import Customer, Person
from ondemand.models import User
from ondemand.scopes import MEMBER, PERSON, last_used
from ondemand.tenancy.context import as_worker
from partners.models import Member, Partner

TEAM, ACCOUNT = "team", "account-team"
ICONS = {TEAM: "customers", ACCOUNT: "home"}


@dataclass(frozen=True)
class Seat:
    """`name` is the partner's or the customer's; a POST to `url` takes the seat."""

    name: str
    url: str
    icon: str
    current: bool


def seats_of(user: User, *, current: Member | Person | None) -> list[Seat]:
    """For the menu: empty where there is nothing to choose. Asked as portal_app, before the transaction."""
    found = list(_rows(TEAM, Member, "partner_id", user).union(_rows(ACCOUNT, Person, "customer_id", user), all=True))
    if len(found) < 2:
        return []
    with as_worker():  # the names of other tenants, which no role of a page may read
        partners = Partner.objects.in_bulk([of for side, _pk, of in found if side == TEAM])
        customers = Customer.objects.in_bulk([of for side, _pk, of in found if side == ACCOUNT])
    here = (TEAM if isinstance(current, Member) else ACCOUNT, current.pk) if current else None
    return [
        Seat(
            name=str((partners if side == TEAM else customers)[of]),
            url=reverse(f"{side}-switch", args=[pk]),
            icon=ICONS[side],
            current=(side, pk) == here,
        )
        for side, pk, of in sorted(found, key=lambda row: (row[0] == ACCOUNT, row[1]))
    ]


def _rows(side: str, seats: Any, of: str, user: User) -> QuerySet[Any, tuple[str, int, int]]:
    mine = seats.objects.filter(user=user, active=True)
    rows: QuerySet[Any, tuple[str, int, int]] = mine.values_list(Value(side, CharField()), F("pk"), F(of))
    return rows


@receiver(user_logged_in)
def take_seats(request: HttpRequest, user: User, **told: object) -> None:
    """Those last used, as long as the session lasts: a switch in another browser moves nothing here."""
    for key, seat in ((MEMBER, last_used(Member, user)), (PERSON, last_used(Person, user))):
        request.session.pop(key, None)
        if seat:
            request.session[key] = seat.pk
