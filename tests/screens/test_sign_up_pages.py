"""Sign Up Pages: addresses, QR codes, what came of them."""

from __future__ import annotations

import re

import pytest

from customers.models import Customer
from ondemand import clock
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.factories import Cast, sign_in
from tests.screens.pages import NOW, instance_of, settle, shown

pytestmark = pytest.mark.django_db


def test_a_sign_up_page_has_its_address_codes_and_what_came_of_it(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    with as_worker():
        Customer.objects.filter(pk=customer.pk).update(paid=100)
    factories.make_visits(house=world.iberia, day=clock.business_day(NOW), visits=417)
    factories.make_signup(house=world.iberia, plan=world.plan, now=NOW, instance=instance_of(customer))
    page = shown(sign_in(world.iberia.owner), "/sign-up-pages/")
    assert world.iberia.campaign.url in page
    assert "nordic-obps" not in page
    assert re.findall(r"<dd>(\d+)</dd>", page) == ["417", "1", "1"]


@pytest.mark.parametrize(("form", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_the_qr_code_comes_as_a_picture(world: Cast, form: str, begins: bytes) -> None:
    url = f"/sign-up-pages/{world.iberia.campaign.pk}/qr.{form}"
    answer = sign_in(world.iberia.support).get(url)
    assert answer.content.startswith(begins)


def test_a_qr_code_of_another_kind_is_not_found(world: Cast) -> None:
    assert sign_in(world.iberia.owner).get(f"/sign-up-pages/{world.iberia.campaign.pk}/qr.exe").status_code == 404
