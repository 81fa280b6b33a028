"""Stripe as it rings: signed events over connections that are kept, as many at once as there are bells."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

SECRET = "whsec_bench"
PATH = "/webhooks/stripe/"
LINES = 5  # of the invoice that an event shows
Done = Callable[[str], None]


class NotTaken(Exception):
    """An event was not answered with 200."""


def event(id: str) -> str:
    """About 4 kB, as an invoice's is."""
    lines = [{"id": f"il_{n}_{id}", "amount": 4900, "description": "x" * 500} for n in range(LINES)]
    about: dict[str, Any] = {"id": f"in_{id}", "object": "invoice", "customer": f"cus_{id}", "lines": {"data": lines}}
    made = {"id": id, "object": "event", "type": "invoice.paid", "created": int(time.time()), "livemode": False}
    return json.dumps(made | {"data": {"object": about | {"metadata": {"note": "x" * 1000}}}})


def signature(body: str) -> str:
    at = int(time.time())
    signed = hmac.new(SECRET.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def request(id: str) -> bytes:
    """Ready to be sent: what is measured is the portal, not who rings."""
    body = event(id)
    headers = {
        "Host": "localhost",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Stripe-Signature": signature(body),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {PATH} HTTP/1.1\r\n{head}\r\n{body}".encode()


class Bell:
    """One connection to the portal. `took`: the seconds of each answer."""

    def __init__(self, port: int) -> None:
        self.connection, self.took = socket.create_connection(("127.0.0.1", port), timeout=60), list[float]()

    def ring(self, sent: bytes) -> None:
        """Returns with the answer, which has no body; raises NotTaken unless that is 200."""
        began, answer = time.perf_counter(), b""
        self.connection.sendall(sent)
        while b"\r\n\r\n" not in answer:
            came = self.connection.recv(8192)
            if not came:
                raise NotTaken("nobody is there any more")
            answer += came
        self.took.append(time.perf_counter() - began)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise NotTaken(answer[:200].decode(errors="replace"))


def ring_all(
    port: int, events: dict[str, bytes], *, bells: int, per_second: float = 0, done: Done = lambda id: None
) -> list[Bell]:
    """Ring them all, evenly over the bells; `per_second`: not faster than that in all. `done` hears of each answer."""
    hung, each = [Bell(port) for _ in range(bells)], list(events.items())
    began, failures = time.perf_counter(), list[BaseException]()

    def run(number: int) -> None:
        try:
            for n in range(number, len(each), bells):
                if per_second:
                    time.sleep(max(0.0, began + n / per_second - time.perf_counter()))
                hung[number].ring(each[n][1])
                done(each[n][0])
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(bells)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for bell in hung:
        bell.connection.close()
    if failures:
        raise failures[0]
    return hung
