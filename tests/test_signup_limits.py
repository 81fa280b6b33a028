"""Programs are told from people, and neither a network nor a page signs up more than its share in an hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory

from customers.models import Customer
from ondemand import clock
from ondemand.networks import network_of
from ondemand.tenancy.context import as_worker
from signup.guards import age_of, make_stamp
from signup.models import SignUp
from signup.services import limits
from tests.path.conftest import park, standin, stripe_base, walk
from tests.path.walk import Walk

__all__ = ["park", "standin", "stripe_base", "walk"]

PAGE = "/signup/iberia-retail/"
SOMEWHERE, NEXT_DOOR, ELSEWHERE = "198.51.100.7", "198.51.100.99", "203.0.113.7"
NOW = clock.now()


@pytest.fixture
def offered(walk: Walk) -> Walk:
    walk.enrol()
    walk.offer()
    return walk


def completed(offered: Walk, count: int, network: str, *, ago: timedelta = timedelta(0)) -> None:
    """Rows as completions leave them, beside one that is real."""
    offered.sign_up(Client(), username="real", email="real@central.example")
    with as_worker():
        SignUp.objects.update(network=network, completed_at=clock.now() - ago)
        real = SignUp.objects.get()
        for number in range(count - 1):
            real.pk, real.public_id, real.username = None, uuid4(), f"shop-{number}"
            real.save(force_insert=True)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def kept(answer: Any) -> bool:
    return 'value="Café Central, S.L."' in text(answer)


def test_a_filled_trap_begins_no_sign_up_and_keeps_what_was_typed(offered: Walk, client: Client) -> None:
    answer = client.post(PAGE, offered.shown(client) | {"website": "https://buy.example"})
    assert (answer.status_code, kept(answer), "buy.example" in text(answer)) == (422, True, False)
    with as_worker():
        assert not SignUp.objects.exists()


def test_people_do_not_meet_the_trap(offered: Walk, client: Client) -> None:
    page = text(client.get(PAGE))
    assert '<div class="trap" aria-hidden="true">' in page
    assert 'tabindex="-1"' in page.partition('name="website"')[2][:80]


def test_a_form_that_comes_back_at_once_is_asked_for_again(offered: Walk, client: Client, settings: Any) -> None:
    settings.SIGNUP_SECONDS_MINIMUM = 3
    sent = offered.shown(client)
    answer = client.post(PAGE, sent)
    assert (answer.status_code, kept(answer), sent["stamp"] in text(answer)) == (422, True, True)
    settings.SIGNUP_SECONDS_MINIMUM = 0
    assert client.post(PAGE, sent).status_code == 303


@pytest.mark.parametrize("stamp", ["", "x", "iberia-retail 2026-11-25T00:00:00+00:00:bad", "a" * 500, "\x00"])
def test_a_forged_time_is_replaced_by_a_good_one(offered: Walk, client: Client, stamp: str) -> None:
    answer = client.post(PAGE, offered.shown(client) | {"stamp": stamp})
    assert (answer.status_code, kept(answer)) == (422, True)
    fresh = answer.context["form"]["stamp"].value()
    assert client.post(PAGE, offered.shown(client) | {"stamp": fresh}).status_code == 303


@pytest.mark.parametrize(
    ("age", "word"),
    [
        (timedelta(seconds=2.9), "early"),
        (timedelta(seconds=3), "good"),
        (timedelta(days=1), "good"),
        (timedelta(days=1, seconds=1), "wrong"),
    ],
)
def test_a_form_is_good_from_three_seconds_to_a_day(settings: Any, age: timedelta, word: str) -> None:
    settings.SIGNUP_SECONDS_MINIMUM = 3
    assert age_of(make_stamp("iberia-retail", NOW - age), "iberia-retail", NOW).value == word


def test_a_time_signed_for_another_page_is_refused() -> None:
    assert age_of(make_stamp("nordic-retail", NOW), "iberia-retail", NOW).value == "wrong"


def test_the_sixth_sign_up_of_a_network_waits(offered: Walk) -> None:
    completed(offered, 5, "198.51.100.0/24")
    answer = offered.register(Client(REMOTE_ADDR=NEXT_DOOR))
    assert (answer.status_code, kept(answer), "Try again in an hour" in text(answer)) == (429, True, True)
    assert offered.register(Client(REMOTE_ADDR=ELSEWHERE)).status_code == 303


def test_the_fifth_sign_up_of_a_network_is_welcome(offered: Walk) -> None:
    completed(offered, 4, "198.51.100.0/24")
    assert offered.register(Client(REMOTE_ADDR=SOMEWHERE)).status_code == 303


def test_after_an_hour_a_network_signs_up_again(offered: Walk) -> None:
    completed(offered, 5, "198.51.100.0/24", ago=timedelta(minutes=61))
    assert offered.register(Client(REMOTE_ADDR=SOMEWHERE)).status_code == 303


def test_the_twenty_first_sign_up_of_a_page_waits(offered: Walk, client: Client) -> None:
    completed(offered, limits.PER_CAMPAIGN, "")
    assert offered.register(client).status_code == 429
    with as_worker():
        SignUp.objects.filter(username="shop-1").update(completed_at=clock.now() - timedelta(hours=2))
    assert offered.register(client).status_code == 303


def test_limits_are_rows_and_outlast_an_emptied_cache(offered: Walk) -> None:
    completed(offered, 5, "198.51.100.0/24")
    cache.clear()
    assert offered.register(Client(REMOTE_ADDR=SOMEWHERE)).status_code == 429


def test_a_sign_up_notes_its_network_and_no_address(offered: Walk) -> None:
    offered.register(Client(REMOTE_ADDR=SOMEWHERE))
    with as_worker():
        assert SignUp.objects.get().network == "198.51.100.0/24"
        assert not Customer.objects.exists()


def came_from(address: str, **headers: str) -> str:
    return network_of(RequestFactory().get("/", REMOTE_ADDR=address, headers=headers))


def test_a_network_is_a_24_or_a_64() -> None:
    assert came_from(SOMEWHERE) == "198.51.100.0/24"
    assert came_from("::ffff:198.51.100.7") == "198.51.100.0/24"
    assert came_from("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"


def test_only_behind_a_proxy_is_what_it_appended_believed(settings: Any) -> None:
    told = {"X-Forwarded-For": f"192.0.2.1, {ELSEWHERE}"}
    assert came_from(SOMEWHERE, **told) == "198.51.100.0/24"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert came_from(SOMEWHERE, **told) == "203.0.113.0/24"


def test_the_machine_itself_is_a_network_in_production_alone(settings: Any) -> None:
    assert came_from("127.0.0.1") == came_from("::1") == ""
    settings.PRODUCTION = True
    assert came_from("127.0.0.1") == "127.0.0.0/24"
