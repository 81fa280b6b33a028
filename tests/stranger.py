"""A stranger's program: the official Stripe library, a browser's session, and nothing but a running demo's .demo/env.

`python -m tests.stranger` compares what Stripe has with what the partners' screens export, to the cent.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import requests
import stripe

ENV = Path(__file__).resolve().parent.parent / ".demo" / "env"
OWNERS = {
    "EU": ["owner@iberia.example", "owner@nordic.example"],
    "US": ["owner@lonestar.example", "owner@iberia.example"],
}
PASSWORD = "ondemand-demo"
ISSUED = ("open", "paid", "uncollectible")
Row = dict[str, str]


def exported(url: str, owner: str, screen: str) -> list[Row]:
    """A screen's CSV, fetched as its owner."""
    session = requests.Session()
    page = session.get(f"{url}/accounts/login/", timeout=30).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token, "the sign-in page has no form"
    form = {"login": owner, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    session.post(f"{url}/accounts/login/", form, headers={"Referer": url}, timeout=30)
    answer = session.get(f"{url}{screen}?export=csv", timeout=60)
    assert answer.headers["Content-Type"].startswith("text/csv"), f"{owner} got no file from {screen}"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def cents(text: str) -> int:
    return int(Decimal(text).scaleb(2))


def disagreements(zone: str, settings: Row) -> Iterator[str]:
    """What differs, in words; the last line counts what was compared."""
    client = stripe.StripeClient(
        settings[f"STRIPE_{zone}_SECRET_KEY"], base_addresses={"api": settings["STRIPE_API_BASE"]}
    )
    url = settings[f"ONDEMAND_{zone}_URL"]
    customers = [row for owner in OWNERS[zone] for row in exported(url, owner, "/customers/")]
    payments = [row for owner in OWNERS[zone] for row in exported(url, owner, "/payments/")]
    at_stripe = {each.id: each for each in client.v1.customers.list({"limit": 100}).auto_paging_iter()}
    invoices = [each for each in client.v1.invoices.list({"limit": 100}).auto_paging_iter() if each.status in ISSUED]
    for row in customers:
        mine = [each for each in invoices if at_stripe[str(each.customer)].email == row["email"]]
        if sum(each.total for each in mine) != cents(row["invoiced"]):
            yield f"{row['customer']}: invoiced {row['invoiced']}"
        if sum(each.amount_paid for each in mine) != cents(row["paid"]):
            yield f"{row['customer']}: paid {row['paid']}"
        if {each.name for each in at_stripe.values() if each.email == row["email"]} != {row["customer"]}:
            yield f"{row['customer']}: another name at Stripe"
    subscriptions = list(client.v1.subscriptions.list({"status": "all", "limit": 100}).auto_paging_iter())
    live = sum(1 for each in subscriptions if each.status != "canceled")
    if live != sum(int(row["instances"]) for row in customers):
        yield f"{live} live subscriptions"
    transfers = {each.id: each.amount for each in client.v1.transfers.list({"limit": 100}).auto_paging_iter()}
    sent = {row["reference"]: cents(row["amount"]) for row in payments if row["reference"]}
    if transfers != sent:
        yield f"transfers {transfers} are not the payments {sent}"
    print(
        f"{zone}: {len(customers)} customers, {len(subscriptions)} subscriptions, {len(invoices)} invoices, "
        f"{len(transfers)} transfers compared"
    )


def main(file: Path = ENV) -> int:
    settings = dict(line.split("=", 1) for line in file.read_text().splitlines())
    zones = [zone for zone in OWNERS if f"ONDEMAND_{zone}_URL" in settings]
    found = [f"{zone}: {words}" for zone in zones for words in disagreements(zone, settings)]
    print("\n".join(found) or "no disagreement")
    return len(found)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
