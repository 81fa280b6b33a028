"""A partner's members and a customer's people: seen, changed, and out at once. On both sides."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from customers.models import Customer
from ondemand import clock
from ondemand.models import User
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners.models import Member
from tests import factories
from tests.factories import sign_in
from tests.teams.sides import BEA, PASSWORD, Side, anew, at_a_customer, at_a_partner


def test_the_owner_sees_everybody_with_role_and_state(side: Side) -> None:
    text = sign_in(side.owner).get(side.at).content.decode()
    assert all(user.email.partition("@")[0] in text for user in [side.owner, *side.others])
    assert "Active" in text


def test_the_menu_shows_the_team_to_owners_alone(side: Side) -> None:
    pages = [sign_in(user).get(side.home).content.decode() for user in [side.owner, *side.others]]
    assert [f'href="{side.at}"' in page for page in pages] == [True, False, False]


def test_another_role_meets_403_on_every_page(side: Side) -> None:
    side.invite()
    invited, seat = side.invitation(), side.seat(side.owner)
    posts = [f"{seat.pk}/disable/", f"{seat.pk}/enable/", f"{seat.pk}/"]
    posts += [f"invitations/{invited.pk}/resend/", f"invitations/{invited.pk}/withdraw/", ""]
    for user in side.others:
        browser = sign_in(user)
        assert {browser.get(side.at).status_code, browser.get(f"{side.at}{seat.pk}/").status_code} == {403}
        assert {browser.post(f"{side.at}{path}", {"role": side.role}).status_code for path in posts} == {403}


def test_another_tenants_rows_are_404_and_stay(side: Side) -> None:
    side.invite()
    seat, invited, browser = side.seat(side.others[0]), side.invitation(), sign_in(side.stranger)
    assert browser.get(f"{side.at}{seat.pk}/").status_code == 404
    for path in (f"{seat.pk}/", f"{seat.pk}/disable/", f"{seat.pk}/enable/"):
        assert browser.post(f"{side.at}{path}", {"role": "owner"}).status_code == 404
    for verb in ("resend", "withdraw"):
        assert browser.post(f"{side.at}invitations/{invited.pk}/{verb}/").status_code == 404
    assert (side.seat(side.others[0]).role, side.invitation().withdrawn_at) == (seat.role, None)


def test_an_id_beyond_all_numbers_is_404(side: Side) -> None:
    assert sign_in(side.owner).get(f"{side.at}{10**30}/").status_code == 404


def test_a_changed_role_holds_at_once(side: Side) -> None:
    browser, seat = sign_in(side.others[0]), side.seat(side.others[0])
    sign_in(side.owner).post(f"{side.at}{seat.pk}/", {"role": "owner"})
    assert browser.get(side.at).status_code == 200


def test_who_is_disabled_is_signed_out_at_once_everywhere(side: Side) -> None:
    user = side.others[0]
    browsers = [sign_in(user) for _ in range(3)]
    sign_in(side.owner).post(f"{side.at}{side.seat(user).pk}/disable/")
    answers = [browser.get(side.home) for browser in browsers]
    assert all(answer["Location"].startswith("/accounts/login/") for answer in answers)
    assert sign_in(anew(user)).get(side.home).status_code == 403


def test_who_is_enabled_again_signs_in_anew(side: Side) -> None:
    user, owner = side.others[0], sign_in(side.owner)
    before = sign_in(user)
    for verb in ("disable", "enable"):
        owner.post(f"{side.at}{side.seat(user).pk}/{verb}/")
    assert (before.get(side.home).status_code, sign_in(anew(user)).get(side.home).status_code) == (302, 200)


def test_the_last_owner_is_neither_disabled_nor_demoted(side: Side) -> None:
    browser, seat = sign_in(side.owner), side.seat(side.owner)
    for path, data in ((f"{seat.pk}/disable/", {}), (f"{seat.pk}/", {"role": side.role})):
        answer = browser.post(f"{side.at}{path}", data, follow=True)
        assert "The last owner stays" in answer.content.decode()
    assert (side.seat(side.owner).role, side.seat(side.owner).active) == ("owner", True)


def test_one_of_two_owners_may_go(side: Side) -> None:
    browser = sign_in(side.owner)
    browser.post(f"{side.at}{side.seat(side.others[0]).pk}/", {"role": "owner"})
    browser.post(f"{side.at}{side.seat(side.owner).pk}/disable/")
    assert not side.seat(side.owner).active


@pytest.mark.parametrize("change", [{"active": False}, {"role": "support"}, None], ids=["disable", "demote", "delete"])
def test_the_database_keeps_an_owner_whoever_asks(side: Side, change: dict[str, Any] | None) -> None:
    seat = side.seat(side.owner)

    def take_away() -> None:
        with as_worker():
            side.seats.objects.filter(pk=seat.pk).update(**change or {})

    def delete() -> None:
        with tenant(Scope(Role.STAFF)):
            side.seats.objects.filter(pk=seat.pk).delete()

    with pytest.raises(IntegrityError, match="the last owner stays"):
        take_away() if change else delete()


def test_two_owners_who_leave_at_once_leave_one(fresh_database: str) -> None:
    side = at_a_partner(factories.make_cast(now=clock.now()))
    with as_worker():
        Member.objects.filter(user=side.others[0]).update(role="owner")
    owners = [side.owner, side.others[0]]
    paths = [f"{side.at}{side.seat(user).pk}/disable/" for user in owners]

    def leave(user: User, path: str) -> None:
        try:
            sign_in(user).post(path)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(leave, owners, paths))
    with as_worker():
        assert Member.objects.filter(role="owner", active=True, **side.keys).count() == 1


def test_everything_is_in_the_trail(side: Side, client: Client) -> None:
    owner = sign_in(side.owner)
    side.invite()
    at = f"{side.at}invitations/{side.invitation().pk}"
    owner.post(f"{at}/resend/")
    owner.post(f"{at}/withdraw/")
    client.post(side.invite(), {"name": "Bea", "password": PASSWORD})
    with as_worker():
        seat = side.seats.objects.get(user__email=BEA)
    for path in ("/", "/disable/", "/enable/"):
        owner.post(f"{side.at}{seat.pk}{path}", {"role": "owner"})
    wanted = ["invited", "invited_again", "invitation_withdrawn", "invited", "joined"]
    wanted += ["role_changed", "disabled", "enabled"]
    assert [verb for verb in side.verbs() if verb.startswith(f"{side.noun}.")] == [f"{side.noun}.{v}" for v in wanted]


def test_staff_who_look_see_the_team_and_change_nothing(db: None) -> None:
    side = at_a_partner(factories.make_cast(now=clock.now()))
    browser = sign_in(side.cast.staff)
    browser.post(f"/admin/partners/partner/{side.keys['partner_id']}/look/")
    assert browser.get(side.at).status_code == 200
    assert browser.post(side.at, {"email": BEA, "role": "owner"}).status_code == 403


def test_billing_meets_invoices_and_card_technical_the_instances(db: None) -> None:
    cast = factories.make_cast(now=clock.now())
    side = at_a_customer(cast)
    with as_worker():
        customer = Customer.objects.get(pk=side.keys["customer_id"])
    name = factories.make_instance(customer=customer, now=cast.now).name
    owner, billing, technical = (sign_in(user).get("/account/").content.decode() for user in (side.owner, *side.others))
    assert [name in page for page in (owner, billing, technical)] == [True, False, True]
    assert ["Invoices" in page for page in (owner, billing, technical)] == [True, True, False]
    assert [sign_in(user).get("/account/order/").status_code for user in side.others] == [403, 403]
    assert sign_in(side.others[1]).post("/account/card/").status_code == 403
