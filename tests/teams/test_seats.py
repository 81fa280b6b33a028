"""Leaving a team by one's own word, and going from one of several seats to another."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from customers.models import Customer
from ondemand import clock
from ondemand.models import Mail
from ondemand.tenancy.context import as_worker
from partners.models import Member
from tests import factories
from tests.factories import Cast, House, sign_in, sign_in_anew
from tests.login_as.world import enter
from tests.teams.sides import Side, anew, at_a_partner


def test_whoever_leaves_is_out_at_once_everywhere(side: Side) -> None:
    user = side.others[0]
    here, there = sign_in(user), sign_in(user)
    assert "signed out everywhere" in here.get(f"{side.at}leave/").content.decode()
    answer = here.post(f"{side.at}leave/", follow=True)
    assert "You have left" in answer.content.decode()
    assert {here.get(side.home).status_code, there.get(side.home).status_code} == {302}
    assert sign_in(anew(user)).get(side.home).status_code == 403
    assert (side.count(), side.verbs().count(f"{side.noun}.left")) == (2, 1)


def test_the_owners_are_mailed_of_who_left(side: Side) -> None:
    sign_in(side.others[0]).post(f"{side.at}leave/")
    with as_worker():
        [mail] = Mail.objects.filter(key__contains="-left-")
    assert (mail.recipient, side.others[0].name in mail.text) == (side.owner.email, True)


def test_whoever_left_may_be_invited_again(side: Side, client: Client) -> None:
    sign_in(side.others[0]).post(f"{side.at}leave/")
    link = side.invite(email=side.others[0].email)
    assert sign_in(anew(side.others[0])).post(link)["Location"] == side.home


def test_the_last_owner_reads_why_they_stay_and_what_to_do(side: Side) -> None:
    browser = sign_in(side.owner)
    for answer in (browser.get(f"{side.at}leave/"), browser.post(f"{side.at}leave/")):
        text = answer.content.decode()
        assert "You are its last owner" in text
        assert f'href="{side.at}"' in text
    assert browser.get(side.home).status_code == 200


def test_looking_at_the_page_leaves_nothing(side: Side) -> None:
    sign_in(side.others[0]).get(f"{side.at}leave/")
    assert side.count() == 3


def test_staff_who_look_leave_nothing(db: None) -> None:
    side = at_a_partner(factories.make_cast(now=clock.now()))
    browser = sign_in(side.cast.staff)
    browser.post(f"/admin/partners/partner/{side.keys['partner_id']}/look/")
    assert {browser.get("/team/leave/").status_code, browser.post("/team/leave/").status_code} == {403}


class Many:
    """Ana is a member of two partners and a person of two customers, one with each."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.ana = cast, factories.make_user(email="ana@several.example")
        self.houses = [cast.iberia, cast.nordic]
        self.customers = [
            self.customer(house, name) for house, name in zip(self.houses, ("Vega", "Fjord"), strict=True)
        ]
        with as_worker():
            self.members = [Member.objects.create(partner=house.partner, user=self.ana) for house in self.houses]
        self.people = [factories.seat_person(customer=each, user=self.ana) for each in self.customers]

    def customer(self, house: House, name: str) -> Customer:
        return factories.make_customer(house=house, plan=self.cast.plan, now=self.cast.now, name=name)


@pytest.fixture
def many(db: None) -> Many:
    return Many(factories.make_cast(now=clock.now()))


def menu(browser: Client, path: str) -> dict[str, str]:
    """The seats that a page offers: where each leads, by its name."""
    text = browser.get(path).content.decode()
    found = re.findall(r'action="([^"]+/switch/)".*?</svg>([^<]+)</button>', text)
    return {name: url for url, name in found}


def names(text: str) -> set[str]:
    """Whose rows a page shows, its menu left out."""
    page = re.sub(r'<form method="post" action="[^"]+/switch/">.*?</form>', "", text, flags=re.S)
    return {name for name in ("Vega", "Fjord") if name in page}


def token(browser: Client, path: str) -> str:
    return str(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', browser.get(path).content.decode())[0])


@pytest.mark.parametrize("path", ["/dashboard/", "/account/", "/accounts/sessions/"])
def test_every_page_with_the_menu_offers_all_seats(many: Many, path: str) -> None:
    assert set(menu(sign_in(many.ana), path)) == {"Iberia", "Nordic", "Vega", "Fjord"}


def test_who_has_one_seat_is_offered_none(many: Many) -> None:
    assert menu(sign_in(many.cast.iberia.owner), "/dashboard/") == {}


def test_after_a_switch_only_the_other_tenant_shows(many: Many) -> None:
    browser = sign_in(many.ana)
    assert names(browser.get("/customers/").content.decode()) == {"Vega"}
    assert browser.post(menu(browser, "/dashboard/")["Nordic"])["Location"] == "/dashboard/"
    assert names(browser.get("/customers/").content.decode()) == {"Fjord"}
    assert browser.get(f"/customers/{many.customers[0].pk}/").status_code == 404
    assert browser.get(f"/customers/{many.customers[1].pk}/").status_code == 200
    assert b"Vega" not in b"".join(browser.get("/customers/?export=csv").streaming_content)  # type: ignore[attr-defined]


def test_a_form_opened_before_a_switch_is_refused_after_it(many: Many) -> None:
    browser = sign_in(many.ana, enforce_csrf_checks=True)
    sent = {"csrfmiddlewaretoken": token(browser, "/team/"), "email": "new@iberia.example", "role": "support"}
    seats, fresh = menu(browser, "/dashboard/"), token(browser, "/dashboard/")
    assert browser.post(seats["Nordic"], {"csrfmiddlewaretoken": fresh}).status_code == 302
    assert browser.post("/team/", sent).status_code == 403
    again = sent | {"csrfmiddlewaretoken": token(browser, "/team/")}
    assert browser.post("/team/", again).status_code == 302


def test_a_switch_in_one_area_leaves_the_other_as_it_is(many: Many) -> None:
    browser = sign_in(many.ana)
    seats = menu(browser, "/dashboard/")
    assert browser.post(seats["Fjord"])["Location"] == "/account/"
    assert names(browser.get("/account/").content.decode()) == {"Fjord"}
    assert names(browser.get("/customers/").content.decode()) == {"Vega"}
    browser.post(seats["Nordic"])
    browser.post(seats["Vega"])
    assert names(browser.get("/account/").content.decode()) == {"Vega"}
    assert names(browser.get("/customers/").content.decode()) == {"Fjord"}


def test_a_switch_in_another_browser_moves_nothing_here(many: Many) -> None:
    here, there = sign_in(many.ana), sign_in(many.ana)
    there.post(menu(there, "/dashboard/")["Nordic"])
    assert names(here.get("/customers/").content.decode()) == {"Vega"}


@pytest.mark.parametrize(("last", "lands"), [("Nordic", "/dashboard/"), ("Fjord", "/account/")])
def test_a_sign_in_takes_the_seat_last_used(many: Many, last: str, lands: str) -> None:
    before = sign_in(many.ana)
    before.post(menu(before, "/dashboard/")[last])
    browser = sign_in(many.ana)
    assert browser.get("/")["Location"] == lands
    assert names(browser.get("/customers/" if last == "Nordic" else "/account/").content.decode()) == {"Fjord"}


def test_anothers_seat_is_404_and_changes_nothing(many: Many) -> None:
    browser = sign_in(many.cast.iberia.owner)
    theirs = [f"/team/{many.members[1].pk}/switch/", f"/account/team/{many.people[0].pk}/switch/"]
    theirs += ["/team/999999/switch/", f"/team/{10**30}/switch/"]
    assert {browser.post(path).status_code for path in theirs} == {404}
    assert browser.get("/account/").status_code == 403
    with as_worker():
        assert not Member.objects.exclude(used_at=None).exists()


def test_a_seat_that_was_disabled_is_404(many: Many) -> None:
    browser = sign_in(many.ana)
    with as_worker():
        Member.objects.filter(pk=many.members[1].pk).update(active=False)
    assert browser.post(f"/team/{many.members[1].pk}/switch/").status_code == 404
    assert "Nordic" not in menu(browser, "/dashboard/")


def test_a_seat_is_taken_by_a_post_alone(many: Many) -> None:
    assert sign_in(many.ana).get(f"/team/{many.members[1].pk}/switch/").status_code == 405


def test_who_joins_a_second_team_is_there_at_once_and_may_go_back(many: Many) -> None:
    side = at_a_partner(many.cast)
    link = side.invite(email=many.cast.nordic.support.email)
    browser = sign_in(many.cast.nordic.support)
    browser.post(link)
    assert names(browser.get("/customers/").content.decode()) == {"Vega"}
    browser.post(menu(browser, "/customers/")["Nordic"])
    assert names(browser.get("/customers/").content.decode()) == {"Fjord"}


def test_a_member_within_a_customers_account_is_offered_no_seats(many: Many) -> None:
    """The account is the customer's; a switch there is refused too."""
    browser = sign_in_anew(many.ana)
    page = browser.post(f"/customers/{many.customers[0].pk}/login/", {"reason": "She asked for help."})
    token = re.search(r'name="token" value="([^"]+)"', page.content.decode())
    assert token
    assert enter(browser, token[1]) == 302
    assert menu(browser, "/account/") == {}
    assert browser.post(f"/account/team/{many.people[1].pk}/switch/").status_code == 403
