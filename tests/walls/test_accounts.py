"""allauth under portal_auth: signing in, and the second factor from set-up to sign-in."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client
from pytest_django.asserts import assertRedirects

from ondemand import clock
from ondemand.models import User
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return factories.make_cast(now=clock.now()).iberia.owner


def sign_in(client: Client, user: User, password: str = factories.PASSWORD) -> str:
    """By the form; where it leads to, empty where it does not."""
    answer = client.post("/accounts/login/", {"login": user.email, "password": password})
    return answer.headers.get("Location", "")


def code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def test_a_member_signs_in_and_out(client: Client, owner: User) -> None:
    assert sign_in(client, owner) == "/"
    assertRedirects(client.get("/"), "/dashboard/")
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/dashboard/").status_code == 302


def test_a_wrong_password_opens_nothing(client: Client, owner: User) -> None:
    assert sign_in(client, owner, "no") == ""
    assert client.get("/dashboard/").status_code == 302


@pytest.mark.parametrize("login", ["\x00", "a@b\x00.example", "=1+1", "x" * 100_000, "\u202e@example.com"])
def test_a_hostile_sign_in_is_no_failure(client: Client, login: str) -> None:
    for password in ("\x00", "p" * 100_000, "x"):
        assert client.post("/accounts/login/", {"login": login, "password": password}).status_code == 200


def test_a_second_factor_is_set_up_and_asked_for(client: Client, owner: User) -> None:
    sign_in(client, owner)
    client.post("/accounts/reauthenticate/", {"password": factories.PASSWORD})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    done = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assertRedirects(done, "/accounts/2fa/recovery-codes/")
    other = Client()
    assert sign_in(other, owner) == "/accounts/2fa/authenticate/"
    assert other.get("/dashboard/").status_code == 302
    cache.clear()  # a code works once; the test will not wait for the next
    answer = other.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assertRedirects(answer, "/", fetch_redirect_response=False)
    assert other.get("/dashboard/").status_code == 200


def test_nobody_signs_up_at_allauths_address(client: Client) -> None:
    answer = client.post("/accounts/signup/", {"email": "x@y.example", "username": "xyz", "password1": "abcdefgh12"})
    assert answer.status_code in (200, 403)
    assert not User.objects.filter(email="x@y.example").exists()
