"""The world around the product: browsers at Stripe's hosted pages, Stripe's and the park's clocks, what instances
report. Plain HTTP to the two stand-ins; nothing here knows the product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

SECONDS = 60  # a clock that moves over months takes its time


class OutsideFailed(Exception):
    """A stand-in did not do what the history asks of it."""


@dataclass(frozen=True)
class Heartbeat:
    """As an instance sends it; `body` byte for byte."""

    body: bytes
    instance: str
    signature: str


class Stripe:
    """Stripe seen from outside: its hosted pages, and the stand-in's own clock."""

    def __init__(self, base: str, key: str) -> None:
        self.base, self.session = base, _session()
        self.headers = {"Authorization": f"Bearer {key}"}
        self.stands: datetime | None = None

    def move_to(self, at: datetime) -> None:
        """What falls due on the way happens. Real time, or later, means real time."""
        if at == self.stands:
            return
        self.stands = at
        self._call("POST", "/_standin/clock", json={"advance_to": int(at.timestamp())})

    def pay(self, url: str, *, card: str, name: str, country: str) -> bool:
        """Fill in the card at Checkout. False where the page refuses it."""
        address = {"country": country, "line1": "1 Main Street", "city": "City", "postal_code": "10001", "state": ""}
        return self._post(url, _card(card, name) | address, good=303, refused=402)

    def change_card(self, url: str, *, card: str, name: str) -> bool:
        """At the billing portal, whose page says whether it was saved."""
        return self._post(url, _card(card, name), good=200, refused=402)

    def onboard(self, url: str, *, account_number: str, holder: str) -> bool:
        return self._post(url, {"iban": account_number, "holder": holder}, good=303, refused=400)

    def restrict(self, account: str, *, restricted: bool) -> None:
        """Stripe lets a connected account receive nothing for a while."""
        wanted = {"capabilities[transfers][requested]": str(not restricted).lower()}
        self._call("POST", f"/v1/accounts/{account}", data=wanted)

    def dispute(self, payment_intent: str, amount: int) -> str:
        """The card's holder disputes so much of a payment; the dispute's id."""
        charge = self._call("GET", f"/v1/payment_intents/{payment_intent}")["latest_charge"]
        made = self._call("POST", "/_standin/disputes", json={"charge": charge, "amount": amount})
        return str(made["id"])

    def lose(self, dispute: str) -> None:
        self._call("POST", "/_standin/disputes", json={"dispute": dispute, "outcome": "lost"})

    def credit(self, invoice: str, amount: int) -> None:
        """A credit note of a paid invoice, for the customer's balance."""
        given = {"invoice": invoice, "amount": str(amount), "credit_amount": str(amount)}
        self._call("POST", "/v1/credit_notes", data=given)

    def pay_out_balance(self, currency: str) -> None:
        """The platform's treasury moves what is available to its bank."""
        found = self._call("GET", "/v1/balance")["available"]
        if amount := sum(each["amount"] for each in found if each["currency"] == currency.lower()):
            self._call("POST", "/v1/payouts", data={"amount": str(amount), "currency": currency.lower()})

    def listed(self, path: str, **params: str) -> Iterator[dict[str, Any]]:
        """Every object of a list, newest first."""
        more: dict[str, str] = {"limit": "100"} | params
        while True:
            page = self._call("GET", path, params=more)
            yield from page["data"]
            if not page["has_more"]:
                return
            more["starting_after"] = page["data"][-1]["id"]

    def _post(self, url: str, form: dict[str, str], *, good: int, refused: int) -> bool:
        answer = self.session.post(url, data=form, allow_redirects=False, timeout=SECONDS)
        if answer.status_code not in (good, refused):
            raise OutsideFailed(f"{url}: {answer.status_code} {answer.text[:300]}")
        return answer.status_code == good

    def _call(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        return _json(self.session.request(method, self.base + path, headers=self.headers, timeout=SECONDS, **sent))


class Park:
    """The machines on which instances run, and what their users do."""

    def __init__(self, base: str, secret: str) -> None:
        self.base, self.session = f"{base}/park", _session()
        self.headers = {"Authorization": f"Bearer {secret}"}

    def move_to(self, at: datetime | None) -> None:
        """None is real time again."""
        self._call("/clock", {"now": at.isoformat() if at else None})

    def set(self, **settings: Any) -> None:
        self._call("/settings", settings)

    def use(self, server: str, days: list[dict[str, object]]) -> None:
        self._call(f"/servers/{server}/usage", {"days": days})

    def heartbeat(self, server: str, days: list[str]) -> Heartbeat:
        sent = self._call(f"/servers/{server}/heartbeat", {"days": days} if days else {})
        headers = sent["headers"]
        return Heartbeat(sent["body"].encode(), headers["X-Ondemand-Instance"], headers["X-Ondemand-Signature"])

    def _call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return _json(self.session.post(self.base + path, json=body, headers=self.headers, timeout=SECONDS))


def _session() -> requests.Session:
    made = requests.Session()
    made.trust_env = False  # both are on this machine: no proxy is looked for, with each request anew
    return made


def _card(number: str, name: str) -> dict[str, str]:
    return {"number": number, "expiry": "12/34", "cvc": "123", "name": name}


def _json(answer: requests.Response) -> dict[str, Any]:
    if not answer.ok:
        raise OutsideFailed(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:300]}")
    found: dict[str, Any] = answer.json()
    return found
