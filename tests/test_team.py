"""A partner's members and a customer's people: invited, joined, changed, and out at once. Each on both sides."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from customers.models import Customer, Person, PersonInvitation
from ondemand import clock
from ondemand.models import AuditEntry, Mail, User
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
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


@pytest.fixture(params=[at_a_partner, at_a_customer], ids=["partner", "customer"])
def side(request: pytest.FixtureRequest, db: None) -> Side:
    made: Side = request.param(factories.make_cast(now=clock.now()))
    return made


def anew(user: User) -> User:
    with as_worker():
        return User.objects.get(pk=user.pk)


def travel(monkeypatch: pytest.MonkeyPatch, to: datetime) -> None:
    monkeypatch.setattr("ondemand.clock.now", lambda: to)


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


def test_who_is_new_chooses_name_and_password_and_is_in(side: Side, client: Client) -> None:
    link = side.invite()
    answer = client.post(link, {"name": "Bea Bosch", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, side.home)
    assert client.get(side.home).status_code == 200
    with as_worker():
        made = User.objects.get(email=BEA)
    assert (made.name, made.check_password(PASSWORD)) == ("Bea Bosch", True)
    assert (side.seat(made).role, side.seat(made).active) == (side.role, True)


def test_who_has_an_account_signs_in_and_accepts(side: Side) -> None:
    known = factories.make_user(email=BEA)
    link = side.invite()
    assert "Sign in, and accept" in Client().get(link).content.decode()
    browser = sign_in(known)
    answer = browser.post(link)
    assert (answer["Location"], browser.get(side.home).status_code) == (side.home, 200)
    assert side.seat(known).role == side.role


def test_a_stranger_with_the_link_does_not_take_the_account_of_who_was_invited(side: Side, client: Client) -> None:
    known = factories.make_user(email=BEA)
    link = side.invite()
    client.post(link, {"name": "Thief", "password": PASSWORD})
    with as_worker():
        known.refresh_from_db()
    assert (known.check_password(PASSWORD), side.count()) == (False, 3)


def test_somebody_else_who_is_signed_in_does_not_accept(side: Side) -> None:
    link = side.invite()
    browser = sign_in(side.stranger)
    factories.make_user(email=BEA)
    assert "You are signed in as" in browser.get(link).content.decode()
    browser.post(link)
    assert side.count() == 3


@pytest.mark.parametrize(("active", "said"), [(True, "You belong to"), (False, "is disabled")])
def test_who_belongs_to_the_team_by_now_reads_so(side: Side, active: bool, said: str) -> None:
    """Added by staff, for instance, while the invitation was on its way."""
    link, known = side.invite(), factories.make_user(email=BEA)
    with as_worker():
        side.seats.objects.create(user=known, role=side.role, active=active, **side.keys)
    browser = sign_in(known)
    assert all(said in answer.content.decode() for answer in (browser.get(link), browser.post(link)))
    assert (side.seat(known).active, side.invitation().accepted_at) == (active, None)


def test_looking_at_the_link_uses_nothing_up(side: Side, client: Client) -> None:
    link = side.invite()
    answers = [client.get(link) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["Referrer-Policy"] for answer in answers} == {"strict-origin"}


def gone(client: Client, link: str, why: str = "works no more") -> bool:
    answers = [client.get(link), client.post(link, {"name": "Bea", "password": PASSWORD})]
    texts = [answer.content.decode() for answer in answers]
    assert all("works no more" in text for text in texts)
    return all(answer.status_code == 404 for answer in answers) and all(why in text for text in texts)


def test_a_used_link_works_no_more(side: Side, client: Client) -> None:
    link = side.invite()
    client.post(link, {"name": "Bea", "password": PASSWORD})
    assert gone(Client(), link, "It was used already")
    assert gone(client, link, "It was used already")
    assert side.count() == 4


def test_a_link_expires_after_seven_days(side: Side, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    link, at = side.invite(), side.invitation().expires_at
    travel(monkeypatch, at - timedelta(seconds=1))
    assert client.get(link).status_code == 200
    travel(monkeypatch, at)
    assert gone(client, link, "It expired after seven days")
    assert at - side.invitation().created_at < timedelta(days=7, minutes=1)


def test_a_withdrawn_link_works_no_more(side: Side, client: Client) -> None:
    link = side.invite()
    sign_in(side.owner).post(f"{side.at}invitations/{side.invitation().pk}/withdraw/")
    assert gone(client, link, "It was withdrawn")
    assert BEA not in sign_in(side.owner).get(side.at).content.decode()


def test_sent_again_the_new_link_works_and_the_earlier_one_is_dead(side: Side, client: Client) -> None:
    first = side.invite()
    sign_in(side.owner).post(f"{side.at}invitations/{side.invitation().pk}/resend/")
    second = side.link()
    assert first != second
    assert gone(client, first, "a newer one was sent")
    assert client.post(second, {"name": "Bea", "password": PASSWORD})["Location"] == side.home


def test_invited_twice_there_is_one_invitation_of_the_last_role(side: Side, client: Client) -> None:
    side.invite()
    link = side.invite(email=BEA.upper(), role="owner")
    with as_worker():
        assert side.invitations.objects.count() == 1
    client.post(link, {"name": "Bea", "password": PASSWORD})
    with as_worker():
        assert side.seats.objects.get(user__email=BEA).role == "owner"


def test_only_the_hash_of_the_link_is_kept(side: Side) -> None:
    token = side.invite().split("/")[-2]
    kept = side.invitation().token_hash
    assert (len(token) >= 43, len(kept), kept == token) == (True, 64, False)


def test_who_belongs_to_the_team_is_not_invited(side: Side) -> None:
    answer = sign_in(side.owner).post(side.at, {"email": side.others[0].email.upper(), "role": side.role})
    assert (answer.status_code, "belongs to the team already" in answer.content.decode()) == (422, True)


def test_a_role_of_the_other_side_is_refused(side: Side) -> None:
    other = "technical" if side.role == "finance" else "support"
    assert sign_in(side.owner).post(side.at, {"email": BEA, "role": other}).status_code == 422
    seat = side.seat(side.others[0])
    assert sign_in(side.owner).post(f"{side.at}{seat.pk}/", {"role": other}).status_code == 422


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


def test_a_link_raced_for_makes_one_seat(fresh_database: str) -> None:
    side = at_a_partner(factories.make_cast(now=clock.now()))
    link = side.invite()

    def accept(name: str) -> int:
        try:
            return Client().post(link, {"name": name, "password": PASSWORD}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(accept, "ABCD"))
    assert set(statuses) <= {200, 302, 404}  # who looks between two of its reads is told that there is a seat
    assert (side.count(), side.verbs().count("member.joined")) == (4, 1)


def test_a_link_raced_for_in_two_browsers_of_one_account_makes_one_seat(fresh_database: str) -> None:
    side = at_a_customer(factories.make_cast(now=clock.now()))
    link, known = side.invite(), factories.make_user(email=BEA)
    browsers = [sign_in(known), sign_in(known)]

    def accept(browser: Client) -> Any:
        try:
            return browser.post(link)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        won, lost = sorted(pool.map(accept, browsers), key=lambda answer: answer.status_code != 302)
    assert won.status_code == 302
    assert any(words in lost.content.decode() for words in ("It was used already", "You belong to"))
    assert (side.count(), side.verbs().count("person.joined")) == (4, 1)


def test_after_twenty_invitations_within_an_hour_none_is_mailed(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sent again counts too; what was typed stays in the form."""
    browser, begun = sign_in(side.owner), clock.now()
    for number in range(19):
        side.invite(email=f"bea{number}@else.example")
    again = f"{side.at}invitations/{side.invitation().pk}/resend/"
    assert [browser.post(again).status_code for _ in range(2)] == [302, 429]
    answer = browser.post(side.at, {"email": BEA, "role": side.role})
    assert (answer.status_code, BEA in answer.content.decode()) == (429, True)
    assert "Twenty invitations within an hour" in answer.content.decode()
    with as_worker():
        assert not Mail.objects.filter(recipient=BEA).exists()
    travel(monkeypatch, begun + timedelta(hours=1, minutes=1))
    side.invite()


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
