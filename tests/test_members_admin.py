"""Staff change a partner's members on the partner's page: as the team itself would, written down and at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from ondemand import clock
from ondemand.models import AuditEntry, User
from ondemand.tenancy.context import as_worker
from partners.models import Member
from tests import factories
from tests.factories import Cast, sign_in

Row = dict[str, Any]


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast(now=clock.now())


@pytest.fixture
def staff(cast: Cast) -> Client:
    return sign_in(cast.staff)


def rows_of(cast: Cast) -> list[Row]:
    """The members as the page sends them back unchanged: owner, finance, support."""
    with as_worker():
        found = list(Member.objects.filter(partner=cast.iberia.partner).order_by("pk"))
    return [{"id": each.pk, "user": each.user_id, "role": each.role, "active": "on"} for each in found]


def save(staff: Client, cast: Cast, rows: list[Row], **management: Any) -> Any:
    partner = cast.iberia.partner
    data: Row = {"name": partner.name, "country": partner.country, "support_email": "", "support_phone": ""}
    known = sum("id" in row for row in rows)
    data |= {"members-TOTAL_FORMS": len(rows), "members-INITIAL_FORMS": known} | management
    for number, row in enumerate(rows):
        data |= {f"members-{number}-{name}": value for name, value in row.items() if value != ""}
        data[f"members-{number}-partner"] = partner.pk
    return staff.post(f"/admin/partners/partner/{partner.pk}/change/", data)


def trail() -> list[tuple[str, str, str]]:
    with as_worker():
        entries = AuditEntry.objects.filter(verb__startswith="member.").order_by("pk")
        return [(entry.verb, entry.target, entry.actor) for entry in entries]


def is_in(client: Client) -> bool:
    return client.get("/dashboard/").status_code == 200


def test_a_changed_role_is_written_down(cast: Cast, staff: Client) -> None:
    rows = rows_of(cast)
    rows[1]["role"] = "support"
    assert save(staff, cast, rows).status_code == 302
    assert trail() == [("member.role_changed", cast.iberia.finance.email, cast.staff.email)]


@pytest.mark.parametrize(("change", "verb"), [({"active": ""}, "disabled"), ({"DELETE": "on"}, "removed")])
def test_who_is_taken_out_is_out_at_once(cast: Cast, staff: Client, change: Row, verb: str) -> None:
    browser, rows = sign_in(cast.iberia.finance), rows_of(cast)
    rows[1] |= change
    assert save(staff, cast, rows).status_code == 302
    assert trail() == [(f"member.{verb}", cast.iberia.finance.email, cast.staff.email)]
    assert not is_in(browser)


def test_who_is_added_is_written_down(cast: Cast, staff: Client) -> None:
    new = factories.make_user(email="new@iberia.example")
    assert save(staff, cast, [*rows_of(cast), {"user": new.pk, "role": "support", "active": "on"}]).status_code == 302
    assert trail() == [("member.added", new.email, cast.staff.email)]
    assert is_in(sign_in(new))


def test_an_owner_may_go_where_another_comes_in_the_same_step(cast: Cast, staff: Client) -> None:
    rows = rows_of(cast)
    rows[0]["role"], rows[2]["role"] = "support", "owner"
    assert save(staff, cast, rows).status_code == 302
    with as_worker():
        roles = dict(Member.objects.filter(partner=cast.iberia.partner).values_list("user__email", "role"))
    assert (roles[cast.iberia.owner.email], roles[cast.iberia.support.email]) == ("support", "owner")


def test_an_unchanged_page_changes_nothing(cast: Cast, staff: Client) -> None:
    browser = sign_in(cast.iberia.finance)
    assert save(staff, cast, rows_of(cast)).status_code == 302
    assert (trail(), is_in(browser)) == ([], True)


def test_the_last_owner_is_refused_in_words(cast: Cast, staff: Client) -> None:
    rows = rows_of(cast)
    rows[0]["active"] = ""
    answer = save(staff, cast, rows)
    assert "A partner keeps an active owner" in answer.content.decode()
    assert trail() == []


def test_a_seat_stays_its_persons(cast: Cast, staff: Client) -> None:
    rows = rows_of(cast)
    rows[1]["user"] = cast.nordic.owner.pk
    save(staff, cast, rows)
    with as_worker():
        assert User.objects.get(memberships=rows[1]["id"]) == cast.iberia.finance
        assert not Member.objects.filter(partner=cast.iberia.partner, user=cast.nordic.owner).exists()


@pytest.mark.parametrize(
    "forged",
    [{"members-INITIAL_FORMS": ""}, {"members-TOTAL_FORMS": "x"}, {"members-1-user": "nonsense"},
     {"members-1-id": "999999"}, {"members-1-role": "king"}, {"members-TOTAL_FORMS": 9}],
)  # fmt: skip
def test_forged_values_change_nothing_and_are_no_failure(cast: Cast, staff: Client, forged: Row) -> None:
    rows = rows_of(cast)
    rows[1]["role"] = "support"
    if "members-1-user" in forged:
        rows[1] = {"user": "nonsense", "role": "owner"}
    else:
        for name in [name for name in forged if name.startswith("members-1-")]:
            rows[1][name.rpartition("-")[2]] = forged[name]
    assert save(staff, cast, rows, **forged).status_code in (200, 302, 400)
    assert trail() in ([], [("member.role_changed", cast.iberia.finance.email, cast.staff.email)])
