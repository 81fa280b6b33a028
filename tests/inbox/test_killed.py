"""The web server is killed while Stripe rings: whatever was answered with 200 is in the database."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import requests

from ondemand import testing
from ondemand.models import StripeEvent
from ondemand.servers.processes import free_port, spawn, until
from ondemand.tenancy.context import as_worker
from tests.conftest import in_ci, long_share
from tests.counts import say
from tests.inbox.events import MAIN, SECRET, body_of, signature

FEWEST, ALL = 2, 20
RINGING = 4  # at once


@dataclass
class Server:
    """gunicorn with two workers on this test's database."""

    database: str
    log: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        env = os.environ | {
            "DATABASE_URL": testing.postgres.url(self.database, "portal_app"),
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "WEB_CONCURRENCY": "2",
        }
        command = [sys.executable, "-m", "gunicorn", "-c", "ondemand/gunicorn_conf.py"]
        with self.log.open("wb") as log:
            child = spawn([*command, "-b", f"127.0.0.1:{self.port}", "ondemand.wsgi"], env, stdout=log, stderr=log)
        try:
            assert until(self._answers, seconds=60, while_running=child), self.log.read_text()
            yield child
        finally:
            kill(child)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", headers={"Host": "localhost"}, timeout=10).ok
        except requests.RequestException:  # nobody there yet, or too busy for now
            return False


def kill(child: subprocess.Popen[bytes]) -> None:
    """Master and workers at once, in the middle of whatever they do."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


class Bell(threading.Thread):
    """Rings signed events, one after the other, until nobody answers."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(daemon=True)
        self.url, self.prefix = url, name
        self.rung, self.answered = 0, list[str]()

    def run(self) -> None:
        session = requests.Session()
        try:
            while True:
                self._ring(session)
        except requests.RequestException:
            return

    def _ring(self, session: requests.Session) -> None:
        id = f"evt_{self.prefix}_{self.rung}"
        self.rung += 1
        body = body_of(id, kind="charge")
        headers = {"Stripe-Signature": signature(body, SECRET, time.time()), "Host": "localhost"}
        answer = session.post(f"{self.url}{MAIN}", body.encode(), headers=headers, timeout=20)
        assert answer.status_code == 200, answer.text
        self.answered.append(id)


def _have_heard(bells: list[Bell], answers: int) -> bool:
    return sum(len(bell.answered) for bell in bells) > answers


@in_ci
def test_every_200_is_in_the_database(fresh_database: str, tmp_path: Path) -> None:
    server, chance = Server(fresh_database, tmp_path / "web.log"), random.Random(7)
    kills = FEWEST + round((ALL - FEWEST) * long_share())
    rung, answered = 0, set[str]()
    for life in range(kills):
        with server.running() as child:
            bells = [Bell(server.url, f"{life}_{n}") for n in range(RINGING)]
            for bell in bells:
                bell.start()
            heard = chance.randint(20, 60)
            assert until(partial(_have_heard, bells, heard), seconds=60)
            kill(child)
            for bell in bells:
                bell.join(30)
                rung += bell.rung
                answered.update(bell.answered)
    with as_worker():
        stored = set(StripeEvent.objects.values_list("pk", flat=True))
    lost = answered - stored
    say(
        f"{kills} kills of the web server: {rung} events rung, {len(answered)} answered with 200, "
        f"{len(stored)} stored, {len(lost)} lost"
    )
    assert lost == set()
    assert len(answered) > 20 * kills
    assert rung > len(answered), "nobody was ringing when it was killed"
