"""A server park of the test's own: the real process, visitors, and a platform for heartbeats."""

import contextlib
import ctypes
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import pytest

ROOT = Path(__file__).parents[2]
SECRET = "park-secret"
UUID = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
PR_SET_PDEATHSIG = 1
NOWHERE = "http://127.0.0.1:9/api/instances/heartbeat/"
SERVER = {
    "name": "acme",
    "product": "OB for Retail",
    "edition": "Professional",
    "activation_key": "AK-0001-5678",
    "heartbeat_url": NOWHERE,
    "heartbeat_key": "heartbeat-key",
    "company": "Acme Foods",
    "owner_username": "ana",
}


def end_with_starter() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def data(self) -> Any:
        return json.loads(self.text)


@dataclass
class Park:
    """`stop` and `start` again work on the same state; the port may be another."""

    state: Path
    options: tuple[str, ...] = ("--boot-seconds", "0", "--heartbeat-seconds", "0.1")
    port: int = 0
    process: subprocess.Popen[str] | None = None

    def command(self, port: int = 0) -> list[str]:
        module = [sys.executable, "-m", "ondemand.standins.erp", "--port", str(port)]
        return [*module, "--state", str(self.state), "--secret", SECRET, *self.options]

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command(),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=end_with_starter,
        )
        assert self.process.stdout is not None
        ready, _, address = self.process.stdout.readline().strip().rpartition(":")
        assert ready == "READY http://127.0.0.1"
        self.port = int(address)

    def stop(self, number: signal.Signals = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(10)

    def call(self, method: str, path: str, data: object = None, secret: str = SECRET) -> Answer:
        body = b"" if data is None else json.dumps(data).encode()
        return self.send(method, f"/park/{path}", body, {"Authorization": f"Bearer {secret}"})

    def boot(self, uuid: str = UUID, **changes: Any) -> Answer:
        return self.call("PUT", f"servers/{uuid}", SERVER | changes)

    def show(self, uuid: str = UUID) -> Any:
        return self.call("GET", f"servers/{uuid}").data

    def settings(self, **changes: object) -> Answer:
        return self.call("POST", "settings", changes)

    def visit(self, path: str = "/", name: str = "acme", **headers: str) -> Answer:
        return self.send("GET", path, b"", {"Host": f"{name}.localhost:{self.port}"} | headers)

    def submit(self, path: str, **fields: str) -> Answer:
        headers = {"Host": f"acme.localhost:{self.port}", "Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, urlencode(fields).encode(), headers)

    def readings(self, uuid: str = UUID) -> list[dict[str, Any]]:
        """What the next heartbeat would say."""
        body = self.call("POST", f"servers/{uuid}/heartbeat", {"acknowledge": False}).data["body"]
        readings: list[dict[str, Any]] = json.loads(body)["readings"]
        return readings

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read().decode())


@dataclass
class Platform:
    """Gets heartbeats; `status` is what it answers, `delay` how long it thinks."""

    port: int = 0
    status: int = 204
    delay: float = 0
    heartbeats: list[tuple[dict[str, str], str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/instances/heartbeat/?zone=EU"


@pytest.fixture
def park(tmp_path: Path) -> Iterator[Park]:
    """Boots at once and has a heartbeat each tenth of a second."""
    with running(Park(tmp_path / "park")) as started:
        yield started


@pytest.fixture(scope="module")
def shared_park(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Park]:
    """One for all tests whose calls are refused; an instance runs in it, and no heartbeats are sent."""
    with running(Park(tmp_path_factory.mktemp("park"))) as started:
        started.settings(send_heartbeats=False)
        started.boot()
        yield started


@contextlib.contextmanager
def running(park: Park) -> Iterator[Park]:
    park.start()
    try:
        yield park
    finally:
        if park.process is not None and park.process.poll() is None:
            park.stop()


@pytest.fixture
def platform() -> Iterator[Platform]:
    with listening(Platform()) as started:
        yield started


@contextlib.contextmanager
def listening(platform: Platform) -> Iterator[Platform]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            time.sleep(platform.delay)
            platform.heartbeats.append((dict(self.headers.items()), body))
            self.send_response(platform.status)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    platform.port = server.server_address[1]
    Thread(target=server.serve_forever, daemon=True).start()
    yield platform
    server.shutdown()
    server.server_close()


def until(true: Callable[[], object], seconds: float = 15) -> None:
    """Waits for something to become true; how long it took is no matter."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.02)
