"""Open: from the account into a running instance, against the real process of the server park's stand-in."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from customers.models import Person
from instances.models import Instance, Suspension
from instances.services import suspensions
from ondemand import clock
from ondemand.models import AuditEntry, User
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.factories import sign_in
from tests.login_as.world import World, inside, text, trail
from tests.standins.park import SECRET, Answer, Park, running

LINK = re.compile(r'href="http://([a-z0-9]+)\.localhost:\d+(/login\?token=[^"]+)"')


@pytest.fixture(scope="module")
def park(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Park]:
    with running(Park(tmp_path_factory.mktemp("park"), ("--boot-seconds", "0"))) as started:
        started.settings(send_heartbeats=False)
        yield started


@pytest.fixture(autouse=True)
def running_there(world: World, park: Park, settings: Any) -> None:
    """The instance runs at the park, which the product asks for links."""
    settings.PARK_URL, settings.PARK_SECRET = f"http://127.0.0.1:{park.port}", SECRET
    boot(park, world.instance)


def boot(park: Park, instance: Instance) -> None:
    park.boot(str(instance.public_id), name=instance.name)


def open_url(instance: Instance) -> str:
    return f"/account/instances/{instance.pk}/open/"


def link(browser: Client, instance: Instance) -> str:
    """The path of the link at the instance's address."""
    answer = browser.post(open_url(instance))
    found = LINK.search(answer.content.decode())
    assert found, answer.content.decode()
    assert (found[1], answer["Cache-Control"]) == (instance.name, "no-store")
    return found[2]


def follow(park: Park, path: str, instance: Instance) -> Answer:
    """Where the link leads: the instance's first page, or what it says instead."""
    entered = park.visit(path, instance.name)
    if entered.status != 303:
        return entered
    return park.visit(name=instance.name, Cookie=entered.headers["Set-Cookie"].partition(";")[0])


def signed_in(user: str, display: str) -> str:
    return f"Signed in as <strong>{display} ({user})</strong>"


def opened(browser: Client, instance: Instance) -> str:
    """What somebody reads who is sent back to the account."""
    answer = browser.post(open_url(instance), follow=True)
    assert answer.redirect_chain == [("/account/", 302)]
    return str(answer.content.decode())


def test_a_customer_is_in_the_instance_with_one_click(world: World, park: Park) -> None:
    page = follow(park, link(sign_in(world.ana), world.instance), world.instance)
    assert signed_in(world.ana.username, world.ana.email) in page.text
    assert "Support user" not in page.text


def test_a_link_works_once(world: World, park: Park) -> None:
    path = link(sign_in(world.ana), world.instance)
    assert follow(park, path, world.instance).status == 200
    second = follow(park, path, world.instance)
    assert second.status == 410
    assert "was used already" in second.text


def test_a_link_lives_for_a_minute(world: World, park: Park) -> None:
    path = link(sign_in(world.ana), world.instance)
    park.call("POST", "clock", {"now": (clock.now() + timedelta(seconds=62)).isoformat()})
    late = follow(park, path, world.instance)
    park.call("POST", "clock", {"now": None})
    assert late.status == 410
    assert "has expired" in late.text


def test_a_link_opens_its_own_instance_alone(world: World, park: Park) -> None:
    other = factories.make_instance(customer=world.other_customer(), now=world.cast.now)
    boot(park, other)
    assert follow(park, link(sign_in(world.ana), world.instance), other).status == 410


def test_a_link_signs_in_no_other_user(world: World, park: Park) -> None:
    before, _, token = link(sign_in(world.ana), world.instance).partition("=")
    claims, _, signature = token.partition(".")
    forged = json.loads(base64.urlsafe_b64decode(claims)) | {"user": "admin"}
    claims = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()
    assert follow(park, f"{before}={claims}.{signature}", world.instance).status == 410


def test_looking_at_the_address_opens_nothing(world: World) -> None:
    assert sign_in(world.ana).get(open_url(world.instance)).status_code == 405


def test_what_does_not_run_is_not_opened(world: World) -> None:
    ana = sign_in(world.ana)
    with as_worker():
        suspensions.suspend(world.instance.pk, Suspension.Cause.STAFF, reason="", now=clock.now())
    for state in set(Instance.State) - {Instance.State.RUNNING}:
        with as_worker():  # what never ran may end without a warning
            Instance.objects.filter(pk=world.instance.pk).update(state=state, running_at=None)
        assert f"{world.instance.name} cannot be opened now: it is {state.label}." in opened(ana, world.instance)


def test_what_the_park_has_suspended_is_not_opened(world: World, park: Park) -> None:
    """Although it runs by what we know."""
    park.call("POST", f"servers/{world.instance.public_id}/suspend")
    assert "The instance cannot be opened right now" in opened(sign_in(world.ana), world.instance)
    with as_worker():
        assert not AuditEntry.objects.filter(verb="instance.opened").exists()


def test_anothers_instance_is_not_found(world: World) -> None:
    other = factories.make_instance(customer=world.other_customer(), now=world.cast.now)
    for browser in (sign_in(world.ana), inside(world)):
        assert browser.post(open_url(other)).status_code == 404


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("technical", 200), ("billing", 403)])
def test_whose_business_instances_are(world: World, role: str, status: int) -> None:
    factories.make_person(customer=world.customer, email="eva@vega.example")  # an owner stays
    with as_worker():
        Person.objects.filter(user=world.ana).update(role=role)
    assert sign_in(world.ana).post(open_url(world.instance)).status_code == status


def test_a_partners_member_has_no_way_in_without_the_account(world: World) -> None:
    assert sign_in(world.support).post(open_url(world.instance)).status_code == 403


def test_a_member_within_the_account_is_a_named_support_user(world: World, park: Park) -> None:
    page = follow(park, link(inside(world, world.support), world.instance), world.instance)
    assert signed_in(f"support-{world.support.username}", world.support.email) in page.text
    assert "Support user" in page.text


def test_after_the_customers_refusal_the_member_gets_no_link(world: World) -> None:
    browser = inside(world, world.support)
    sign_in(world.ana).post("/account/access/allow/", {"allow": "no"})
    assert browser.post(open_url(world.instance)).status_code == 403


def test_customer_and_partner_read_which_instances_were_opened(world: World) -> None:
    member = inside(world, world.support)
    pages = [(sign_in(world.ana), "/account/access/"), (member, f"/customers/{world.customer.pk}/")]
    cell = re.compile(f"<td[^>]*>{world.instance.name}</td>")
    assert not any(cell.search(text(*page)) for page in pages)
    for _ in range(2):
        link(member, world.instance)
    assert all(cell.search(text(*page)) for page in pages)


def entries(verb: str) -> list[tuple[str, str, int | None]]:
    with as_worker():
        found = AuditEntry.objects.filter(verb=verb)
        return [(entry.actor, entry.target, entry.customer_id) for entry in found]


def test_both_ways_in_are_written_down(world: World) -> None:
    def opens(user: User, browser: Client) -> str:
        link(browser, world.instance)
        return user.email

    owner = opens(world.ana, sign_in(world.ana))
    member = opens(world.support, inside(world, world.support))
    assert entries("instance.opened") == [(owner, world.instance.name, world.customer.pk)]
    assert entries("login_as.opened") == [(member, "Bodegas Vega", world.customer.pk)]
    assert (trail()[-1].detail["member"], trail()[-1].detail["instance"]) == (member, world.instance.name)
