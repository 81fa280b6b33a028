"""A team as the tests meet it, at a partner and at a customer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from customers.models import Person, PersonInvitation
from ondemand.models import AuditEntry, Mail, User
from ondemand.tenancy.context import as_worker
from partners.models import Invitation, Member
from tests import factories
from tests.factories import Cast, sign_in

BEA, PASSWORD = "bea@else.example", "a-good-long-passphrase"


@dataclass
class Side:
    """One team as a test meets it: its pages, its rows, its people by role, and another tenant's owner."""

    cast: Cast
    at: str
    join: str
    home: str
    seats: Any
    invitations: Any
    noun: str
    role: str
    owner: User
    others: list[User]
    stranger: User
    keys: dict[str, int]

    def invite(self, email: str = BEA, role: str = "") -> str:
        """The path of the mailed link."""
        answer = sign_in(self.owner).post(self.at, {"email": email, "role": role or self.role})
        assert answer.status_code == 302, answer.content.decode()
        return self.link()

    def link(self) -> str:
        with as_worker():
            text = Mail.objects.latest("pk").text
        found = re.search(rf"{self.join}[\w-]+/", text)
        assert found, text
        return found[0]

    def seat(self, user: User) -> Any:
        with as_worker():
            return self.seats.objects.get(user=user, **self.keys)

    def invitation(self) -> Any:
        with as_worker():
            return self.invitations.objects.latest("pk")

    def count(self) -> int:
        with as_worker():
            return int(self.seats.objects.filter(**self.keys).count())

    def verbs(self) -> list[str]:
        with as_worker():
            return list(AuditEntry.objects.filter(**self.keys).order_by("pk").values_list("verb", flat=True))


def at_a_partner(cast: Cast) -> Side:
    house = cast.iberia
    return Side(
        cast, "/team/", "/accounts/join/team/", "/dashboard/", Member, Invitation, "member", "finance",
        house.owner, [house.finance, house.support], cast.nordic.owner, {"partner_id": house.partner.pk},
    )  # fmt: skip


def at_a_customer(cast: Cast) -> Side:
    customer, rival = (factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now) for _ in range(2))
    people = {role: factories.make_person(customer=customer, email=f"{role}@vega.example") for role in Person.Role}
    with as_worker():
        for role, user in people.items():
            Person.objects.filter(user=user).update(role=role)
    return Side(
        cast, "/account/team/", "/accounts/join/account/", "/account/", Person, PersonInvitation, "person", "billing",
        people[Person.Role.OWNER], [people[Person.Role.BILLING], people[Person.Role.TECHNICAL]],
        factories.make_person(customer=rival, email="owner@rival.example"),
        {"partner_id": customer.partner_id, "customer_id": customer.pk},
    )  # fmt: skip


def anew(user: User) -> User:
    with as_worker():
        return User.objects.get(pk=user.pk)


def travel(monkeypatch: pytest.MonkeyPatch, to: datetime) -> None:
    monkeypatch.setattr("ondemand.clock.now", lambda: to)
