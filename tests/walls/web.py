"""The web server as it runs in life, asked byte by byte."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

import psycopg2

from ondemand import testing
from ondemand.servers.processes import free_port, spawn, until
from tests.factories import PASSWORD

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Answer:
    """`headers` as HTTP's own, so of a name's several the first."""

    status_code: int
    headers: Message
    text: str


@dataclass
class Web:
    port: int = field(default_factory=free_port)

    def raw(self, sent: bytes) -> Answer | None:
        """None where the server only hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as line:
            with suppress(OSError):  # it may answer and hang up before it has read everything
                line.sendall(sent)
                line.shutdown(socket.SHUT_WR)
            try:
                answer = http.client.HTTPResponse(line, method=sent.split(b" ")[0].decode())
                answer.begin()
                return Answer(answer.status, answer.headers, answer.read().decode(errors="replace"))
            except (http.client.BadStatusLine, ConnectionError, BrokenPipeError):
                return None

    def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        given = {"Host": "localhost", "Connection": "close", "Content-Length": str(len(body))} | dict(headers or {})
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        answer = self.raw(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        assert answer, f"{method} {path[:80]}: no answer"
        return answer

    def answers(self) -> bool:
        try:
            return self.ask("GET", "/healthz").status_code == 200
        except OSError:
            return False

    def form(self, path: str) -> tuple[str, str]:
        """A form's token, and the cookies that go with it."""
        page = self.ask("GET", path)
        found = TOKEN.search(page.text)
        assert found, page.text
        return found[1], cookies_of(page)

    def signed_in(self, email: str) -> str:
        """The cookies of who signs in by the form."""
        token, cookies = self.form("/accounts/login/")
        body = f"csrfmiddlewaretoken={token}&login={email}&password={PASSWORD}".encode()
        answer = self.ask("POST", "/accounts/login/", body, FORM | {"Cookie": cookies})
        assert answer.status_code == 302, answer.text
        return cookies_of(answer)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def cookies_of(answer: Answer) -> str:
    return "; ".join(each.split(";")[0] for each in answer.headers.get_all("Set-Cookie") or [])


@contextmanager
def running(database: str, folder: Path) -> Iterator[Web]:
    web, log = Web(), folder / "web.log"
    env = os.environ | {
        "DATABASE_URL": testing.postgres.url(database, "portal_app"),
        "STRIPE_API_BASE": "http://127.0.0.1:9",
    }
    command = ["gunicorn", "-c", "ondemand/gunicorn_conf.py", "-b", f"127.0.0.1:{web.port}", "ondemand.wsgi"]
    with log.open("wb") as out:
        child = spawn([sys.executable, "-m", *command], env, stdout=out, stderr=subprocess.STDOUT)
    try:
        assert until(web.answers, seconds=60, while_running=child), log.read_text(errors="replace")
        yield web
    finally:
        child.terminate()
        child.wait(30)


@contextmanager
def refusing(database: str) -> Iterator[None]:
    """PostgreSQL lets nobody into the database, and whoever was there is out, as when it stops."""
    with closing(psycopg2.connect(testing.postgres.url("postgres", "postgres"))) as superuser:
        superuser.autocommit = True
        cursor = superuser.cursor()
        cursor.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])
        try:
            yield
        finally:
            cursor.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')
