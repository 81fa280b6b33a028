"""Pages that take no sign-ups: they say so, and begin none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from ondemand import clock
from ondemand.tenancy.context import as_worker
from partners.models import Campaign, Partner, Product
from signup.models import SignUp
from tests.factories import make_cast
from tests.path.walk import FORM

pytestmark = pytest.mark.django_db
PAGE = "/signup/iberia-obps/"


def test_an_open_page_is_shown(client: Client) -> None:
    make_cast(now=clock.now())
    assert client.get(PAGE).status_code == 200


def nobodys() -> str:
    return "/signup/nobody-retail/"


def inactive() -> str:
    with as_worker():
        Campaign.objects.update(active=False)
    return PAGE


def no_longer_sold() -> str:
    with as_worker():
        Product.objects.update(active=False)
    return PAGE


def suspended() -> str:
    with as_worker():
        Partner.objects.update(state=Partner.State.SUSPENDED)
    return PAGE


def left() -> str:
    with as_worker():
        Partner.objects.update(state=Partner.State.LEFT)
    return PAGE


@pytest.mark.parametrize("close", [nobodys, inactive, no_longer_sold, suspended, left])
def test_a_page_that_is_not_open_takes_nobody(client: Client, close: Callable[[], str]) -> None:
    plan = make_cast(now=clock.now()).plan
    page = close()
    for answer in (client.get(page), client.post(page, FORM | {"plan": plan.pk})):
        assert (answer.status_code, "This page takes no sign-ups" in answer.content.decode()) == (404, True)
    with as_worker():
        assert not SignUp.objects.exists()
