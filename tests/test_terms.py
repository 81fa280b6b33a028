"""What a sign-up accepts: texts by version, at addresses that stay; which was accepted when stands in the account."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from ondemand import clock
from signup.terms import CURRENT, VERSIONS
from tests import factories
from tests.factories import Cast, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return factories.make_cast(now=clock.now())


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["terms", "privacy"])
def test_every_version_has_a_page_that_anyone_reads(client: Client, kind: str, version: str) -> None:
    answer = client.get(f"/signup/{kind}/{version}/")
    assert (answer.status_code, f"Version {version}" in text(answer)) == (200, True)
    assert "This text is a placeholder" in text(answer)


@pytest.mark.parametrize("version", ["1999-01", "..", "2026-11-x"])
def test_a_version_that_never_was_is_404(client: Client, version: str) -> None:
    assert client.get(f"/signup/terms/{version}/").status_code == 404


def test_the_form_leads_to_the_version_that_is_recorded(client: Client, cast: Cast) -> None:
    page = text(client.get(f"/signup/{cast.iberia.campaign.slug}/"))
    assert f'href="/signup/terms/{CURRENT}/"' in page
    assert f'href="/signup/privacy/{CURRENT}/"' in page


def test_the_account_says_which_version_was_accepted_and_when(cast: Cast) -> None:
    customer = factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now)
    instance = factories.make_instance(customer=customer, now=cast.now)
    factories.make_signup(house=cast.iberia, plan=cast.plan, now=cast.now, instance=instance)
    owner = factories.make_person(customer=customer, email="ana@central.example")
    page = text(sign_in(owner).get("/account/"))
    assert "Terms that you accepted" in page
    assert f'href="/signup/terms/{CURRENT}/"' in page
