"""The HTTP side. Loopback only."""

from __future__ import annotations

import select
import threading
import time
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ondemand.standins.stripe import (
    capabilities,
    captures,
    checkout_page,
    connect_page,
    core,
    credit_notes,
    customer_balance,
    faults,
    invoice_lines,
    invoice_page,
    portal,
    previews,
    search,
    secure_page,
    subscription_actions,
    subscription_items,
    test_clocks,
    tokens,
    transfers,
    webhooks,
    work,
)
from ondemand.standins.stripe.account import random_text
from ondemand.standins.stripe.api import Answer, in_use, respond
from ondemand.standins.stripe.control import control
from ondemand.standins.stripe.errors import told
from ondemand.standins.stripe.pages import Reply, not_found
from ondemand.standins.stripe.store import Store

LARGEST = 2_000_000  # bytes of a request's body
UNDER_WAY: dict[tuple[str, str, str], Handler] = {}  # by key, connected account and idempotency key
Hosted = Callable[[Store, str, str, str, str], Reply]
PAGES: dict[str, Hosted] = {
    "/c/pay/": checkout_page.hosted_page,
    "/p/session/": portal.hosted_page,
    "/i/": invoice_page.hosted_page,
    "/receipts/": invoice_page.receipt,
    "/3ds/": secure_page.hosted_page,
    "/setup/": connect_page.hosted_page,
}
NOUNS = (
    capabilities,
    captures,
    credit_notes,
    customer_balance,
    invoice_lines,
    previews,
    search,
    subscription_actions,
    subscription_items,
    test_clocks,
    tokens,
    transfers,
)  # imported for the operations that they declare


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    store: Store

    def handle_request(self) -> None:
        body = self._body()
        url = urlsplit(self.path)
        if body is None:
            return self._send(Answer(400, b"", {"Connection": "close"}))
        if url.path.startswith("/_standin/"):
            return self._send(Answer(*self._locked(control, url.path, self.headers, body)))
        for prefix, page in PAGES.items():
            if url.path.startswith(prefix):
                return self._send(Answer(*self._locked(page, url.path, url.query, body)))
        if not url.path.startswith("/v1/"):
            return self._send(Answer(*not_found()))
        return self._api(url.path, body)

    def _body(self) -> str | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LARGEST:
            return None
        return self.rfile.read(int(length)).decode(errors="replace")

    def _locked(self, page: Callable[..., Reply], *given: Any) -> Reply:
        try:
            with self.store.lock:
                return page(self.store, self.command, *given)
        except Exception:  # our own mistake
            traceback.print_exc()
            return 500, b"The stand-in failed.", {"Content-Type": "text/plain"}

    def _api(self, path: str, body: str) -> None:
        fault = faults.take(self.command, path, self.headers)
        kind = fault["fault"] if fault else ""
        if fault and kind in ("timeout_before", "hang"):
            return self._silence(fault["seconds"])
        if fault and kind == "slow":
            time.sleep(fault["seconds"])
        if fault and kind in ("402", "429", "500"):
            return self._send(_error(kind, fault["seconds"]))
        reply = self._alone(body, fault["seconds"] if fault and kind == "slow_after" else 0.0)
        if fault and kind == "timeout_after":
            return self._silence(fault["seconds"])
        if kind == "half":
            return self._break_off(reply)
        return self._send(_error(kind) if kind == "500_after" else reply)

    def _break_off(self, reply: Answer) -> None:
        """Half of the answer, and then nobody is there any more."""
        length = {"Content-Length": str(len(reply.body))}
        self._send(Answer(reply.status, reply.body[: len(reply.body) // 2], {**reply.headers, **length}))
        self.close_connection = True

    def _alone(self, body: str, wait: float) -> Answer:
        """One request at a time with the same idempotency key; a second one is told so at once."""
        key = self.headers.get("Idempotency-Key", "") if self.command == "POST" else ""
        mark = (self.headers.get("Authorization", ""), self.headers.get("Stripe-Account", ""), key)
        if key and UNDER_WAY.setdefault(mark, self) is not self:
            return in_use(key)
        try:
            reply = respond(self.store, self.command, self.path, self.headers, body)
            time.sleep(wait)
            return reply
        finally:
            UNDER_WAY.pop(mark, None)

    def _silence(self, seconds: float) -> None:
        """Nothing is answered until the time has passed or the client has gone; then the connection closes."""
        select.select([self.connection], [], [], seconds)
        self.close_connection = True

    def _send(self, reply: Answer) -> None:
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        body = b"" if self.command == "HEAD" else reply.body
        self._headers_buffer.append(b"\r\n" + body)  # type: ignore[attr-defined]  # one packet
        self.flush_headers()

    do_GET = do_POST = do_DELETE = do_HEAD = do_PUT = do_PATCH = handle_request  # noqa: N815

    def version_string(self) -> str:
        return "stand-in"

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _error(kind: str, seconds: float = 0) -> Answer:
    error, request = faults.ERRORS[kind], random_text(14, "req_")
    headers = {"Content-Type": "application/json", "Request-Id": request}
    if seconds:
        headers["Retry-After"] = str(int(seconds))
    return Answer(error.status, told(error, request).encode(), headers)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def serve(port: int, file: Path, ready: Callable[[str], None]) -> None:
    """Serves until it is killed; `ready` is told the address once it is bound."""
    store = Store(str(file))
    Handler.store = store
    with Server(("127.0.0.1", port), Handler) as server:
        store.base = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=core.warm, daemon=True).start()
        webhooks.start(store)
        work.start(store)
        ready(store.base)
        server.serve_forever()
