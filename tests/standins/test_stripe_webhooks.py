"""Signed delivery, retries, Connect; and the process itself."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.standins.stripe_process import Standin, process
from tests.standins.stripe_shop import Shop


class Receiver(ThreadingHTTPServer):
    """Answers with what `statuses` holds, then 200, and keeps what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.came: list[tuple[bytes, str]] = []
        self.statuses: list[int] = []
        self.url = f"http://127.0.0.1:{self.server_port}/hook"

    def wait(self, enough: Callable[[list[tuple[bytes, str]]], bool], seconds: float = 15) -> None:
        until = time.monotonic() + seconds
        while not enough(self.came):
            assert time.monotonic() < until, "nothing came"
            time.sleep(0.05)


class _Hook(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((body, self.headers["Stripe-Signature"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_events_come_signed(standin: Standin, receiver: Receiver) -> None:
    hook = standin.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
    standin.v1.products.create({"name": "not asked for"})
    made = standin.v1.customers.create({"email": "a@b.example"})
    receiver.wait(bool)
    payload, signature = receiver.came[0]
    event = stripe.Webhook.construct_event(payload, signature, str(hook.secret))
    assert (event.type, event.data.object["id"]) == ("customer.created", made.id)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload + b" ", signature, str(hook.secret))
    assert standin.v1.webhook_endpoints.retrieve(hook.id).to_dict().get("secret") is None


def test_what_is_not_answered_with_200_comes_again(standin: Standin, receiver: Receiver) -> None:
    receiver.statuses = [500, 302]
    standin.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    standin.v1.customers.create({"email": "a@b.example"})
    assert standin.v1.events.list().data[0].pending_webhooks == 1
    receiver.wait(lambda came: len(came) == 3)
    assert len({payload.split(b'"pending_webhooks"')[0] for payload, _ in receiver.came}) == 1
    until = time.monotonic() + 5
    while standin.v1.events.list().data[0].pending_webhooks:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_disabled_endpoint_hears_nothing_and_an_enabled_one_of_what_comes_then(
    standin: Standin, receiver: Receiver
) -> None:
    hook = standin.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
    assert standin.v1.webhook_endpoints.update(hook.id, {"disabled": True}).status == "disabled"
    standin.v1.customers.create({"name": "unheard"})
    assert standin.v1.webhook_endpoints.update(hook.id, {"disabled": False}).status == "enabled"
    made = standin.v1.customers.create({"name": "heard"})
    receiver.wait(bool)
    assert [json.loads(payload)["data"]["object"]["id"] for payload, _ in receiver.came] == [made.id]


def test_events_are_listed_by_whether_they_were_delivered(standin: Standin) -> None:
    unreachable: Any = {"url": "http://127.0.0.1:1/", "enabled_events": ["customer.created"]}
    standin.v1.webhook_endpoints.create(unreachable)
    standin.v1.customers.create({"name": "a"})
    standin.v1.products.create({"name": "b"})
    lists = [standin.v1.events.list({"delivery_success": wanted}).data for wanted in (True, False)]
    assert [[event.type for event in found] for found in lists] == [["product.created"], ["customer.created"]]


def test_a_connect_endpoint_hears_of_connected_accounts_alone(standin: Standin, receiver: Receiver) -> None:
    standin.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"], "connect": True})
    standin.v1.customers.create({"email": "a@b.example"})
    made = standin.v1.accounts.create({"type": "express", "country": "ES"})
    receiver.wait(bool)
    payload, _ = receiver.came[0]
    event = json.loads(payload)
    assert (event["type"], event["account"]) == ("account.updated", made.id)
    assert len(receiver.came) == 1
    there = standin.v1.events.list(None, {"stripe_account": made.id}).data
    assert [each.type for each in there] == ["account.updated"]
    assert "account.updated" not in [each.type for each in standin.v1.events.list().data]


def test_an_account_of_somebody_else_cannot_be_addressed(standin: Standin) -> None:
    made = standin.v1.accounts.create({"type": "express", "country": "ES"})
    with pytest.raises(stripe.PermissionError):
        Standin(standin.base).v1.balance.retrieve(None, {"stripe_account": made.id})


def test_renewals_happen_by_themselves_when_the_clock_passes_them(standin: Standin) -> None:
    shop = Shop(standin)
    mine = shop.subscription(shop.customer())
    end = mine["items"].data[0].current_period_end
    standin.advance(end - standin.now() - 2)
    assert len(standin.v1.invoices.list({"subscription": mine.id}).data) == 1
    until = time.monotonic() + 10
    while len(standin.v1.invoices.list({"subscription": mine.id}).data) == 1:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_killed_process_goes_on_with_what_it_had(tmp_path: Path) -> None:
    with process(tmp_path / "state.sqlite3") as base:
        before = Standin(base)
        made = before.v1.customers.create({"email": "a@b.example"})
        repeated = before.raw("POST", "/v1/products", "name=a", Idempotency_Key="k")[1]
    with process(tmp_path / "state.sqlite3") as base:
        after = Standin(base, key=before.key)
        assert after.v1.customers.retrieve(made.id).email == "a@b.example"
        assert after.raw("POST", "/v1/products", "name=a", Idempotency_Key="k")[1] == repeated
