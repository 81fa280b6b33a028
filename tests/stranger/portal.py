"""The portal and Stripe as a stranger reaches them: by what a running demo writes into .demo/env."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import requests
import stripe

OWNERS = {
    "EU": ["owner@iberia.example", "owner@nordic.example"],
    "US": ["owner@lonestar.example", "owner@iberia.example"],
}
PASSWORD = "ondemand-demo"
Row = dict[str, str]


@dataclass(frozen=True)
class Zone:
    """`url` is the portal's address."""

    name: str
    url: str
    stripe: stripe.StripeClient

    def exported(self, screen: str) -> list[Row]:
        """A screen's CSV, of all partners one after the other."""
        return [row for owner in OWNERS[self.name] for row in self._of(owner, screen)]

    def _of(self, owner: str, screen: str) -> list[Row]:
        """Fetched as the owner."""
        session = requests.Session()
        page = session.get(f"{self.url}/accounts/login/", timeout=30).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, "the sign-in page has no form"
        form = {"login": owner, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        session.post(f"{self.url}/accounts/login/", form, headers={"Referer": self.url}, timeout=30)
        answer = session.get(f"{self.url}{screen}?export=csv", timeout=60)
        assert answer.headers["Content-Type"].startswith("text/csv"), f"{owner} got no file from {screen}"
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def zones(file: Path) -> list[Zone]:
    """Those that run."""
    settings = dict(line.split("=", 1) for line in file.read_text().splitlines())
    return [
        Zone(
            name,
            settings[f"ONDEMAND_{name}_URL"],
            stripe.StripeClient(
                settings[f"STRIPE_{name}_SECRET_KEY"], base_addresses={"api": settings["STRIPE_API_BASE"]}
            ),
        )
        for name in OWNERS
        if f"ONDEMAND_{name}_URL" in settings
    ]
