"""The zones of the demo: their addresses, their secrets, and the environment of their processes."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ondemand.servers import Postgres, Valkey, spawn
from ondemand.supervisor.children import Child

NUMBERS = {"eu": 0, "us": 1}  # of its ports, and of its Redis database
STANDIN_PORTS = 10  # Stripe's port is so far above the first zone's; then the parks
QUEUES = "webhooks,provisioning,money"


@dataclass(frozen=True)
class Place:
    """What the zones share."""

    state: Path
    port: int
    postgres: Postgres
    valkey: Valkey
    zones: list[str]

    @property
    def stripe_port(self) -> int:
        return self.port + STANDIN_PORTS

    @property
    def stripe_url(self) -> str:
        return f"http://127.0.0.1:{self.stripe_port}"

    @property
    def stripe_file(self) -> Path:
        return self.state / "stripe.sqlite3"

    @property
    def mail(self) -> Path:
        return self.state / "mail"

    @property
    def static(self) -> Path:
        """Empty: the demo serves static files from where they lie."""
        return self.state / "static"

    @cached_property
    def peer_secret(self) -> str:
        return kept(self.state / "peer.json", {"secret": secrets.token_hex(24)})["secret"]


@dataclass(frozen=True)
class Zone:
    """One deployment. Its folder holds what belongs to its database, and is thrown away with it."""

    key: str  # eu
    place: Place
    webhooks: dict[str, str] = field(default_factory=dict)  # the signing secrets, once they are known

    @property
    def name(self) -> str:
        return self.key.upper()

    @property
    def port(self) -> int:
        return self.place.port + NUMBERS[self.key]

    @property
    def park_port(self) -> int:
        return self.place.stripe_port + 1 + NUMBERS[self.key]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def park_url(self) -> str:
        return f"http://127.0.0.1:{self.park_port}"

    @property
    def folder(self) -> Path:
        return self.place.state / self.key

    @property
    def database(self) -> str:
        return f"portal_{self.key}"

    @property
    def complete(self) -> Path:
        """Exists when the history is whole."""
        return self.folder / "history-complete"

    @property
    def webhooks_file(self) -> Path:
        return self.folder / "webhooks.json"

    def begin(self) -> None:
        """Throw away a zone whose history is not whole. A new key is a new account at Stripe's stand-in."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)

    @cached_property
    def keys(self) -> dict[str, str]:
        made = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "STRIPE_SECRET_KEY": f"sk_test_{self.key}_{secrets.token_hex(12)}",
            "PARK_SECRET": secrets.token_hex(24),
        }
        return kept(self.folder / "secrets.json", made)

    @property
    def settings(self) -> dict[str, str]:
        """All that a process of this zone is told."""
        database = self.place.postgres.url(self.database, "portal_app")
        return {
            "ONDEMAND_ENV": "demo",
            "ONDEMAND_ZONE": self.name,
            "ONDEMAND_URL": self.url,
            "DATABASE_URL": database,
            "DATABASE_CACHE_URL": database,
            "DATABASE_OWNER_URL": self.place.postgres.url(self.database, "portal_owner"),
            "REDIS_URL": self.place.valkey.url(NUMBERS[self.key]),
            "EMAIL_URL": os.environ.get("EMAIL_URL") or f"file://{self.place.mail}",
            "STRIPE_MODE": "standin",
            "STRIPE_API_BASE": self.place.stripe_url,
            "PARK_URL": self.park_url,
            "STATIC_ROOT": str(self.place.static),
            **self.keys,
            **self.peer,
            **self.webhooks,
        }

    @property
    def peer(self) -> dict[str, str]:
        others = [Zone(key, self.place) for key in self.place.zones if key != self.key]
        if not others:
            return {}
        return {"ONDEMAND_PEER_URL": others[0].url, "ONDEMAND_PEER_SECRET": self.place.peer_secret}

    def child(self, kind: str, *command: str, level: int = 2) -> Child:
        def launch() -> subprocess.Popen[bytes]:
            env = os.environ | self.settings | {"PYTHONUNBUFFERED": "1", "CELERY_SKIP_CHECKS": "yes"}
            return spawn([sys.executable, *command], env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

        return Child(f"{kind}-{self.key}", launch, level=level)

    def web(self) -> Child:
        bind = f"127.0.0.1:{self.port}"
        return self.child("web", "-m", "gunicorn", "-c", "ondemand/gunicorn_conf.py", "-b", bind, "ondemand.wsgi")

    def worker(self) -> Child:
        beat = ["--beat-thread", "--schedule", str(self.folder / "beat")]
        pool = ["--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle"]
        options = [*beat, *pool, "-Q", QUEUES, "--loglevel", "WARNING"]
        return self.child("worker", "-m", "celery", "-A", "ondemand", "-q", "worker", *options, level=3)

    def park(self) -> Child:
        options = ["--port", str(self.park_port), "--state", str(self.folder / "park"), "--zone", self.name]
        secret = ["--secret", self.keys["PARK_SECRET"]]
        child = self.child("park", "-m", "ondemand.standins.erp", *options, *secret, level=1)
        child.quiet = lambda line: line.startswith("heartbeat of")  # each instance's, at each start and stop
        return child

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def stripe(place: Place) -> Child:
    """One process for all zones: a key is an account."""
    command = ["-m", "ondemand.standins.stripe", "--port", str(place.stripe_port), "--file", str(place.stripe_file)]

    def launch() -> subprocess.Popen[bytes]:
        env = os.environ | {"PYTHONUNBUFFERED": "1"}
        return spawn([sys.executable, *command], env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    return Child("stripe", launch, level=1)


def kept(path: Path, made: dict[str, str]) -> dict[str, str]:
    """What the file holds; where there is none, it is written first, for our eyes only."""
    if not path.exists():
        write(path, json.dumps(made))
    found: dict[str, str] = json.loads(path.read_text())
    return found


def write(path: Path, text: str) -> None:
    """Whole or not at all, for our eyes only."""
    part = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    part.rename(path)
