"""An invitation: by a mailed link, once, for a week, to whom it was sent. On both sides."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from ondemand import clock
from ondemand.models import Mail, User
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.factories import sign_in
from tests.teams.sides import BEA, PASSWORD, Side, at_a_customer, at_a_partner, travel


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
