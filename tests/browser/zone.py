"""A zone as it runs in life: web, worker with beat, Stripe's stand-in and a server park, each a process."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path

from ondemand import testing
from ondemand.servers.processes import free_port, spawn, until
from tests.standins.park import SECRET, Park, running
from tests.standins.stripe_process import Standin, process

REDIS_NUMBER = 8  # above the numbers of the test processes: the worker finds no job of theirs
LINK = re.compile(r"https?://\S+")


@dataclass
class Zone:
    folder: Path
    database: str
    standin: Standin
    park: Park
    port: int = field(default_factory=free_port)
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def mails(self) -> Path:
        return self.folder / "mail"

    @property
    def env(self) -> dict[str, str]:
        """Time is real here, so that nothing waits for a hold, and payments are worth their while at once."""
        return os.environ | {
            "ONDEMAND_ENV": "test",
            "ONDEMAND_URL": self.url,
            "DATABASE_URL": testing.postgres.url(self.database, "portal_app"),
            "DATABASE_OWNER_URL": testing.postgres.url(self.database, "portal_owner"),
            "REDIS_URL": testing.valkey.url(REDIS_NUMBER + testing.NUMBER),
            "EMAIL_URL": f"file://{self.mails}",
            "STRIPE_API_BASE": self.standin.base,
            "STRIPE_SECRET_KEY": self.standin.key,
            "PARK_URL": f"http://127.0.0.1:{self.park.port}",
            "PARK_SECRET": SECRET,
            "SWEEP_SECONDS": "1",
            "COMMISSION_HOLD_DAYS": "0",
            "PAYMENT_MINIMUM": "1",
            **self.secrets,
        }

    def start(self, *, worker: bool = True) -> None:
        self.mails.mkdir()
        self.secrets = self._register_webhooks()
        bind = f"127.0.0.1:{self.port}"
        self._spawn("web", "gunicorn", "-c", "ondemand/gunicorn_conf.py", "-b", bind, "ondemand.wsgi")
        if worker:
            beat = ["--beat-thread", "--schedule", str(self.folder / "beat")]
            pool = ["--pool", "threads", "-c", "2", "--without-gossip", "--without-mingle"]
            queues = ["-Q", "webhooks,provisioning,money", "--loglevel", "WARNING"]
            self._spawn("worker", "celery", "-A", "ondemand", "-q", "worker", *beat, *pool, *queues)
        assert until(self.answers, seconds=60), self.log("web")

    def stop(self) -> None:
        for child in reversed(self.children):
            child.send_signal(signal.SIGTERM)
        for child in reversed(self.children):
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def manage(self, *arguments: str) -> str:
        """Run a command in the zone; what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def mail_to(self, recipient: str) -> str:
        """The text of the one mail to them, once it was sent."""
        assert until(lambda: bool(self._mails(recipient)), seconds=30), f"no mail to {recipient}"
        [text] = self._mails(recipient)
        return text

    def link_for(self, recipient: str) -> str:
        return str(LINK.findall(self.mail_to(recipient))[0])

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _mails(self, recipient: str) -> list[str]:
        sent = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in self.mails.iterdir()]
        bodies = [each.get_body(("plain",)) for each in sent if each["To"] == recipient]
        return [str(body.get_content()) for body in bodies if body]

    def _register_webhooks(self) -> dict[str, str]:
        file = self.folder / "webhooks.json"
        self.manage("stripe_webhooks", "--secrets-file", str(file))
        secrets: dict[str, str] = json.loads(file.read_text())
        return secrets

    def _spawn(self, name: str, *module: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            command = [sys.executable, "-m", *module]
            self.children.append(spawn(command, self.env, stdout=log, stderr=subprocess.STDOUT))


@contextmanager
def running_zone(folder: Path, database: str, *, worker: bool = True) -> Iterator[Zone]:
    with ExitStack() as stack:
        base = stack.enter_context(process(folder / "stripe.sqlite3"))
        options = ("--boot-seconds", "2", "--heartbeat-seconds", "1")
        park = stack.enter_context(running(Park(folder / "park", options)))
        zone = Zone(folder, database, Standin(base), park)
        stack.callback(zone.stop)
        zone.start(worker=worker)
        yield zone
