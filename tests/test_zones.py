"""A partner in both zones: the other one is a real deployment of the same code, with a database of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psycopg2
import pytest
from django.test import Client

from ondemand import clock, signing, testing
from ondemand.servers.processes import free_port, spawn, until
from ondemand.tenancy.context import as_worker
from partners.models import Partner
from partners.services import Enrolment, enrol_partner, tell_peer

pytestmark = pytest.mark.django_db
SECRET = "between-the-zones-" + "x" * 20
DATABASE = f"{testing.DATABASE}_us"
OTHER_ROWS = """
SELECT partner.code, partner.peer_state, account.email,
  (SELECT count(*) FROM ondemand_mail WHERE partner_id = partner.id)
FROM partners_partner partner JOIN partners_member member ON member.partner_id = partner.id
JOIN ondemand_user account ON account.id = member.user_id WHERE partner.code = %s"""


@pytest.fixture(scope="module")
def other_zone(django_db_setup: None) -> Iterator[str]:
    """The US platform; its address."""
    testing.postgres.create_database(DATABASE, template=testing.TEMPLATE)
    port = free_port()
    served = ["ondemand.wsgi", "-b", f"127.0.0.1:{port}", "-c", "python:ondemand.gunicorn_conf"]
    command = [sys.executable, "-m", "gunicorn", *served]
    env = os.environ | {
        "ONDEMAND_ZONE": "US",
        "ONDEMAND_PEER_SECRET": SECRET,
        "DATABASE_URL": testing.postgres.url(DATABASE, "portal_app"),
        "DATABASE_OWNER_URL": testing.postgres.url(DATABASE, "portal_owner"),
    }
    process = spawn(command, env, at_our_end=signal.SIGKILL)
    try:
        assert until(lambda: answers(port), seconds=60, while_running=process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        testing.postgres.drop_database(DATABASE)


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=20) as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


@pytest.fixture(autouse=True)
def connected(other_zone: str, settings: Any) -> None:
    settings.PEER_URL, settings.PEER_SECRET = other_zone, SECRET


def enrol(code: str, *, both: bool = True, owner: str = "") -> Partner:
    made = Enrolment(code, code.title(), "ES", owner or f"owner@{code}.example", "Olga Owner")
    with as_worker():
        return enrol_partner(made, both=both, now=clock.now())


def here(partner: Partner) -> Partner:
    with as_worker():
        return Partner.objects.get(pk=partner.pk)


def there(code: str) -> list[tuple[Any, ...]]:
    """(code, state, owner, mails) of the partner's owners in the other zone's database."""
    with closing(psycopg2.connect(testing.postgres.url(DATABASE, "postgres"))) as superuser:
        cursor = superuser.cursor()
        cursor.execute(OTHER_ROWS, [code])
        return cursor.fetchall()


def test_enrolled_for_both_zones_a_partner_is_enrolled_in_each() -> None:
    partner = enrol("iberia")
    assert tell_peer(partner.pk, now=clock.now())
    assert here(partner).peer_state == Partner.Peer.DONE
    assert there("iberia") == [("iberia", "done", "owner@iberia.example", 1)]


def test_enrolled_for_one_zone_a_partner_is_not_told_of() -> None:
    partner = enrol("nordic", both=False)
    assert not tell_peer(partner.pk, now=clock.now())
    assert (here(partner).peer_state, there("nordic")) == (Partner.Peer.NONE, [])


def test_while_the_other_zone_is_down_it_is_told_later(settings: Any, other_zone: str) -> None:
    partner, now = enrol("later"), clock.now()
    settings.PEER_URL = f"http://127.0.0.1:{free_port()}"
    assert not tell_peer(partner.pk, now=now)
    waiting = here(partner)
    assert (waiting.peer_state, waiting.peer_tries) == (Partner.Peer.PENDING, 1)
    assert "no answer" in waiting.peer_error
    settings.PEER_URL = other_zone
    assert not tell_peer(partner.pk, now=now)  # not yet: it waits
    assert tell_peer(partner.pk, now=now + timedelta(minutes=1))
    assert [row[0] for row in there("later")] == ["later"]


def test_told_twice_it_has_one_partner_and_mails_once() -> None:
    partner = enrol("twice")
    for _ in range(2):  # as when the answer was lost
        with as_worker():
            Partner.objects.filter(pk=partner.pk).update(peer_state=Partner.Peer.PENDING)
        assert tell_peer(partner.pk, now=clock.now())
    assert there("twice") == [("twice", "done", "owner@twice.example", 1)]


def test_a_wrong_signature_is_refused_and_told_again(settings: Any) -> None:
    settings.PEER_SECRET = "somebody-elses-" + "x" * 20
    partner = enrol("forged")
    assert not tell_peer(partner.pk, now=clock.now())
    assert here(partner).peer_error.startswith("401")
    assert there("forged") == []


def test_anothers_code_over_there_stays_anothers() -> None:
    first = enrol("same", owner="first@same.example")
    assert tell_peer(first.pk, now=clock.now())
    with as_worker():
        Partner.objects.filter(pk=first.pk).update(code="renamed")
    second = enrol("same", owner="second@same.example")
    assert not tell_peer(second.pk, now=clock.now())
    assert here(second).peer_error.startswith("409")
    assert [row[2] for row in there("same")] == ["first@same.example"]


GOOD = {"code": "x", "name": "X", "country": "ES", "owner_email": "o@x.example", "owner_name": "O"}
NO_ENROLMENTS = [
    b"",
    b"no json",
    b"[]",
    b"7",
    b"[" * 100_000,
    b"\xff",
    json.dumps(GOOD | {"code": "Not A Code"}).encode(),
    json.dumps(GOOD | {"code": None}).encode(),
    json.dumps(GOOD | {"code": {"a": 1}}).encode(),
    json.dumps(GOOD | {"name": "a\x00b\ud800"}).encode(),
    json.dumps(GOOD | {"owner_email": "nobody"}).encode(),
    json.dumps(GOOD | {"name": "n" * 100_000}).encode(),
]


def test_what_is_signed_and_no_enrolment_is_400(client: Client) -> None:
    for body in NO_ENROLMENTS:
        headers = {signing.HEADER: signing.sign(body, key=SECRET, now=clock.now())}
        answer = client.post("/api/zones/enrolments/", body, content_type="application/json", headers=headers)
        assert answer.status_code in (200, 400) if b"ud800" in body else answer.status_code == 400, body[:60]


def test_an_old_signature_is_refused(client: Client) -> None:
    body = json.dumps(GOOD).encode()
    headers = {signing.HEADER: signing.sign(body, key=SECRET, now=clock.now() - timedelta(minutes=6))}
    answer = client.post("/api/zones/enrolments/", body, content_type="application/json", headers=headers)
    assert answer.status_code == 401
