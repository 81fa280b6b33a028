"""Sign-ups that cannot be as they are: a clear sentence, the typed values kept, one customer at the most."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from customers.models import Customer
from instances.models import Instance
from ondemand.models import User
from ondemand.servers.processes import until
from ondemand.tenancy.context import as_worker, tenant
from signup.models import SignUp
from tests.conftest import in_ci
from tests.path.walk import PASSWORD, STAFF, Walk

DECLINED = "4000000000000002"
TAKEN = "This username is taken"
PAGE = "/signup/iberia-retail/"


@pytest.fixture
def offered(walk: Walk) -> Walk:
    walk.enrol()
    walk.offer()
    return walk


def refused(answer: Any, words: str) -> bool:
    """With the reason, and with what was typed."""
    text = answer.content.decode()
    assert (answer.status_code, words in text) == (422, True), text
    return 'value="Café Central, S.L."' in text and "ana@central.example" in text


def counted(walk: Walk) -> tuple[int, int, int]:
    """Customers here, customers at Stripe, subscriptions at Stripe."""
    at_stripe = [walk.stripe(f"/v1/{kind}")["data"] for kind in ("customers", "subscriptions?status=all")]
    with as_worker():
        return (Customer.objects.count(), *map(len, at_stripe))  # type: ignore[return-value]


def taken_by_a_user(walk: Walk) -> str:
    with tenant(STAFF):
        return User.objects.create_user("somebody", "somebody@else.example", PASSWORD).username


def taken_by_an_instance(walk: Walk) -> str:
    browser = Client()
    walk.sign_up(browser, email="bea@else.example", username="bea-shop")
    with as_worker():
        User.objects.filter(username="bea-shop").update(username="bea-renamed")
        return Instance.objects.get().name


def taken_by_a_sign_up(walk: Walk) -> str:
    walk.register(Client(), email="bea@else.example", username="bea-shop")
    return "bea-shop"


def kept_by_the_platform(walk: Walk) -> str:
    return "www"


@pytest.mark.parametrize("take", [taken_by_a_user, taken_by_an_instance, taken_by_a_sign_up, kept_by_the_platform])
def test_a_taken_username_is_said(offered: Walk, client: Client, take: Callable[[Walk], str]) -> None:
    username = take(offered)
    before = counted(offered)
    assert refused(offered.register(client, username=username), TAKEN)
    assert counted(offered) == before


def test_a_malformed_vat_number_is_said(offered: Walk, client: Client) -> None:
    assert refused(offered.register(client, vat_number="ESB12345678"), "This is not a VAT number of that country")
    assert counted(offered) == (0, 0, 0)


def test_a_number_from_elsewhere_is_taken_as_typed(offered: Walk, client: Client) -> None:
    answer = offered.register(client, country="US", vat_number="12-3456789")
    assert answer.status_code == 303


def test_after_a_declined_card_a_good_one_makes_one_customer(offered: Walk, client: Client) -> None:
    url = offered.register(client)["Location"]
    declined = offered.standin.pay_page(url, DECLINED)
    assert declined.status == 402
    client.get(offered.pay(url))
    assert counted(offered) == (1, 1, 1)


def test_a_doubled_submit_makes_one_customer(offered: Walk) -> None:
    def submit(browser: Client) -> Any:
        try:
            return offered.register(browser)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(submit, [Client(), Client()]))
    assert [answer.status_code for answer in answers] == [303, 303]
    [url] = [session["url"] for session in offered.stripe("/v1/checkout/sessions?status=open")["data"]]
    assert url in {answer["Location"] for answer in answers}
    Client().get(offered.pay(url))
    assert counted(offered) == (1, 1, 1)


def test_a_form_changed_while_the_first_is_on_its_way_leaves_one_page_to_pay(offered: Walk) -> None:
    def submit(company: str) -> Any:
        try:
            return offered.register(Client(), company=company)
        finally:
            connection.close()

    slow = {"match": "POST /v1/checkout/sessions", "fault": "slow", "seconds": 2}
    offered.standin.control("faults", slow)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(submit, "Café Uno, S.L.")
        assert until(lambda: not offered.standin.control("faults")["faults"], seconds=20)
        second = pool.submit(submit, "Café Dos, S.L.")
    assert first.result()["Location"] == second.result()["Location"]
    sessions = offered.stripe("/v1/checkout/sessions")["data"]
    assert sorted(each["status"] for each in sessions) == ["expired", "open"]


def test_the_back_button_after_the_card_leads_to_the_progress_page(offered: Walk, client: Client) -> None:
    signup = offered.sign_up(client)
    again = offered.register(client)
    assert again["Location"] == f"/signup/progress/{signup.public_id}/"
    assert counted(offered) == (1, 1, 1)


def test_the_form_sent_again_before_the_way_back_completes_the_sign_up(offered: Walk, client: Client) -> None:
    offered.pay(offered.register(client)["Location"])
    again = offered.register(client)
    assert again["Location"].startswith("/signup/progress/")
    assert counted(offered) == (1, 1, 1)


def test_a_changed_form_after_the_card_completes_the_sign_up(offered: Walk, client: Client) -> None:
    offered.pay(offered.register(client)["Location"])
    again = offered.register(client, company="Café Central y Sol, S.L.")
    assert again["Location"].startswith("/signup/progress/")
    assert counted(offered) == (1, 1, 1)


def test_the_form_sent_again_while_stripe_is_away_says_so(offered: Walk, client: Client) -> None:
    """The card was accepted; what cannot be asked at Stripe is asked again by the sweep."""
    offered.pay(offered.register(client)["Location"])
    offered.standin.control("faults", {"match": "GET /v1/subscriptions/*", "fault": "500", "times": 9})
    again = offered.register(client)
    offered.standin.control("faults", method="DELETE")
    assert again.status_code < 500
    assert counted(offered) == (0, 1, 1)


def test_a_signed_in_customer_orders_another_instance_on_the_same_bill(offered: Walk, client: Client) -> None:
    signup = offered.sign_up(client)
    client.post(f"/signup/progress/{signup.public_id}/password/", {"password": PASSWORD})
    assert "company" not in client.get(PAGE).context["form"].fields
    offered.sign_up(client, username="second")
    assert counted(offered) == (1, 1, 2)
    with as_worker():
        assert Instance.objects.count() == 2


def test_a_stranger_with_an_owners_address_does_not_choose_the_owners_password(offered: Walk, client: Client) -> None:
    """The partner's owner was mailed a link and has not chosen a password yet."""
    signup = offered.sign_up(client, email="owner@iberia.example")
    client.post(f"/signup/progress/{signup.public_id}/password/", {"password": PASSWORD})
    with as_worker():
        assert not User.objects.get(email="owner@iberia.example").has_usable_password()
    assert client.get("/dashboard/").status_code == 302


def test_who_repeats_the_form_elsewhere_does_not_choose_the_password_of_who_pays(offered: Walk, client: Client) -> None:
    paid = offered.register(client)["Location"]
    thief = Client()
    offered.register(thief)
    assert offered.standin.pay_page(paid).status != 303  # the page that was left cannot be paid any more
    client.get(offered.pay(offered.register(client)["Location"]))
    with as_worker():
        signup = SignUp.objects.get()
    thief.post(f"/signup/progress/{signup.public_id}/password/", {"password": PASSWORD})
    with as_worker():
        assert not User.objects.get(email="ana@central.example").has_usable_password()


HOSTILE = {
    "NUL": "a\x00b",
    "a surrogate": "a%ED%A0%80b",
    "a megabyte": "a" * 1_000_000,
    "a huge number": "1" + "0" * 30,
    "from the right": "\u202eAbc\u05d0\u0627",
    "a formula": "=1+1|'cmd'",
    "SQL": "'; DROP TABLE x; --",
    "a template": "{{ 7*7 }}{% debug %}",
    "a script": "<script>alert(1)</script>",
    "blanks": " \t\u00a0\u2003",
    "digits of elsewhere": "ES²³٣B٤",
    "nothing": "",
}


@in_ci
def test_hostile_input_in_any_field_is_no_failure(offered: Walk, client: Client) -> None:
    fields = offered.shown(client)
    for field in fields:
        for name, value in HOSTILE.items():
            answer = client.post(PAGE, fields | {field: value})
            assert answer.status_code in (303, 422), (field, name)
            assert "<script>alert" not in answer.content.decode()


def test_a_hostile_password_is_no_failure(offered: Walk, client: Client) -> None:
    signup = offered.sign_up(client)
    for name, value in HOSTILE.items():
        answer = client.post(f"/signup/progress/{signup.public_id}/password/", {"password": value})
        assert answer.status_code in (302, 422), name
