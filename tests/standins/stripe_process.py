"""The stand-in as a real process, and a client of it that checks all it sends and gets against Stripe's description."""

from __future__ import annotations

import ctypes
import json
import re
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import stripe

from tests.stripe_contract import Contract, if_there

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
DAY = 86400


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def process(file: Path) -> Iterator[str]:
    """Yields the address."""
    command = [sys.executable, "-m", "ondemand.standins.stripe", "--port", "0", "--file", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, preexec_fn=_die_with_parent) as child:
        try:
            assert child.stdout
            yield child.stdout.readline().removeprefix("READY ").strip()
        finally:
            child.kill()


class Reply(NamedTuple):
    status: int
    text: str
    headers: Mapping[str, str]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def ask(url: str, data: bytes | None = None, headers: dict[str, str] | None = None, method: str | None = None) -> Reply:
    request = urllib.request.Request(url, data, headers or {}, method=method)
    try:
        with _opener.open(request, timeout=20) as answer:
            return Reply(answer.status, answer.read().decode(errors="replace"), dict(answer.headers))
    except urllib.error.HTTPError as error:
        return Reply(error.code, error.read().decode(errors="replace"), dict(error.headers))


class CheckedClient(stripe.UrllibClient):
    """The library's http client; notes every violation of the contract, and every operation that was used."""

    def __init__(self, contract: Contract | None) -> None:
        super().__init__()
        self.contract, self.wrong, self.used = contract, list[str](), set[str]()

    def request(
        self, method: str, url: str, headers: Any, post_data: Any = None, *, _usage: list[str] | None = None
    ) -> tuple[Any, int, Any]:
        content, status, answered = super().request(method, url, headers, post_data)
        self.check(method, url, post_data, content, status)
        return content, status, answered

    def check(self, method: str, url: str, post_data: Any, content: Any, status: int) -> None:
        """Note what a request, or its answer, has that Stripe's description has not."""
        parts = urlsplit(url)
        self.used.add(f"{method.upper()} {parts.path}")
        if self.contract:
            form = nested("&".join(filter(None, (parts.query, post_data or ""))))
            body = json.loads(content)
            if status < 400:
                self.wrong += self.contract.check_request(method.upper(), parts.path, form)
            self.wrong += self.contract.check_response(method.upper(), parts.path, status, body)


def nested(form: str) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for key, value in parse_qsl(form, keep_blank_values=True):
        into, *names = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", key)
        at = root
        for name in names:
            at, into = at.setdefault(into, {}), name or str(len(at.get(into, {})))
        at[into] = value
    listed: dict[str, Any] = _lists(root)
    return listed


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


@dataclass
class Standin:
    """One account at the stand-in."""

    base: str
    contract: Contract | None = field(default_factory=if_there)
    key: str = field(default_factory=lambda: "sk_test_" + secrets.token_hex(8))

    def __post_init__(self) -> None:
        self.http = CheckedClient(self.contract)
        self.client = stripe.StripeClient(
            self.key, base_addresses={"api": self.base}, http_client=self.http, max_network_retries=0
        )
        self.v1 = self.client.v1

    def control(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> dict[str, Any]:
        data = json.dumps(body).encode() if body is not None else None
        reply = ask(f"{self.base}/_standin/{path}", data, {"Authorization": f"Bearer {self.key}"}, method)
        answer: dict[str, Any] = json.loads(reply.text)
        assert reply.status == 200, answer
        return answer

    def now(self) -> int:
        return int(self.control("clock")["now"])

    def begin(self, days_ago: int) -> int:
        """Set a new account's clock into the past."""
        return int(self.control("clock", {"advance_to": int(time.time()) - days_ago * DAY})["now"])

    def advance(self, seconds: int) -> int:
        return int(self.control("clock", {"advance_to": self.now() + seconds, "ahead": True})["now"])

    def submit(self, url: str, **form: str) -> Reply:
        return ask(url, urlencode(form).encode())

    def pay_page(self, url: str, number: str = "4242424242424242", **more: str) -> Reply:
        return self.submit(url, **{"number": number, "expiry": "12/34", "cvc": "123", "name": "Ana Gil", **more})

    def raw(self, method: str, path: str, form: str = "", **headers: str) -> tuple[int, Any, Mapping[str, str]]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": f"Bearer {self.key}", **named}
        reply = ask(self.base + path, form.encode() if method == "POST" else None, sent, method)
        return reply.status, json.loads(reply.text), reply.headers
