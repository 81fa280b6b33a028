"""A customer's owner and every person take their data along: all of it, and nobody else's."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from customers import cancelling, support
from customers.models import CreditNote, Customer, Dispute, InvoicePayment, Person, PlanChange, Refund
from instances.models import Deletion, Suspension
from instances.services import at_once
from instances.services.help import ask
from ondemand import audit, clock
from ondemand.models import AuditEntry, User
from ondemand.personal import company
from ondemand.teams.invitations import LIFETIME
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners.models import Plan
from tests import factories
from tests.factories import Cast, sign_in, sign_in_anew

NAME = "=Vega & Sons"
# Rows with a customer's id that are not the customer's to take along, and why.
LEFT_OUT = {
    "Commission": "the partner's earnings",
    "UpcomingInvoice": "a preview, which the invoice replaces",
    "CreditNoteLine": "the note is there, and the invoice's lines",
    "Erasure": "of a customer who is erased nobody takes a file any more",
    "Mail": "who received them has them; some carry links that work once",
    "LoginToken": "those that were used are there",
}
TEAM = {"name": "Team", "currency": "EUR", "base": 14900, "per_user": 1200, "per_gb": 50}


@dataclass
class World:
    cast: Cast
    customer: Customer
    ana: User
    other: Customer


@pytest.fixture
def world(db: None) -> World:
    cast = factories.make_cast(now=clock.now())
    vega, other = (
        factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now, name=name) for name in (NAME, "Other")
    )
    for customer in (vega, other):
        fill(cast, customer)
    ana = factories.make_person(customer=vega, email="ana@vega.example")
    factories.make_person(customer=other, email="eva@other.example")
    return World(cast, vega, ana, other)


def fill(cast: Cast, customer: Customer) -> None:
    """A row of each kind that a customer may have."""
    instance = factories.make_instance(customer=customer, now=cast.now)
    factories.make_reading(instance=instance, day=cast.now.date(), users=7)
    factories.make_cycle(instance=instance, now=cast.now)
    factories.make_signup(house=cast.iberia, plan=cast.plan, now=cast.now, instance=instance)
    invoice = factories.make_earnings(customer=customer, at=cast.now, amounts=[4900, 123456])
    ids: dict[str, Any] = {"partner_id": customer.partner_id, "customer_id": customer.pk}
    of_invoice = ids | {"invoice": invoice, "currency": "EUR", "amount": 100}
    by = cast.iberia.owner
    with as_worker():
        InvoicePayment.objects.create(stripe_id=f"inpay_{customer.pk}", state="paid", **of_invoice)
        Refund.objects.create(stripe_id=f"re_{customer.pk}", state="succeeded", created_at=cast.now, **of_invoice)
        more = {"created_at": cast.now, **of_invoice}
        held = {"opened_at": cast.now, "closed_at": cast.now}
        Suspension.objects.create(instance=instance, cause=Suspension.Cause.UNPAID, **held, **ids)
        days = {"backup_on": cast.now, "delete_on": cast.now, "next_try_at": cast.now}
        Deletion.objects.create(instance=instance, opened_at=cast.now, **days, **ids)
        CreditNote.objects.create(
            stripe_id=f"cn_{customer.pk}", number="CN-1", state="issued", before_payment=0, after_payment=100, **more
        )
        Dispute.objects.create(stripe_id=f"du_{customer.pk}", state="lost", reason="fraudulent", withdrawn=100, **more)
        instance.events.create(at=cast.now, kind="queued", text="The instance was ordered.", **ids)
        customer.invitations.create(
            partner_id=customer.partner_id,
            email=f"new{customer.pk}@x.example",
            role="billing",
            created_at=cast.now,
            expires_at=cast.now + LIFETIME,
        )
        PlanChange.objects.create(
            subscription=instance.subscription,
            from_plan=cast.plan,
            to_plan=Plan.objects.get_or_create(product=cast.plan.product, code="team", defaults=TEAM)[0],
            asked_by=by,
            prorated=True,
            **dict.fromkeys(("asked_at", "takes_effect_at", "done_at", "next_try_at"), cast.now),
            **ids,
        )
        at_once.end_at_once(customer.subscriptions.get(), why="Fraud", unpaid="void", by=by, now=cast.now)
        cancelling.cancel(customer.subscriptions.get().pk, reason="price", text="Too dear", by=by, now=cast.now)
        ask(customer, by=by, text="The till prints nothing.", instance=instance, now=cast.now)
        audit.record("customer.registered", now=cast.now, actor=by, target=customer.name, **ids)
        token = support.issue(customer.pk, by=by, partner_id=customer.partner_id, reason="Till", now=cast.now)
        entered = support.enter(token, by=by, now=cast.now).token
        support.end([entered], by=by, ending=entered.Ending.MEMBER, now=cast.now)


def files(answer: Any) -> dict[str, str]:
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def of_company(browser: Client) -> dict[str, str]:
    return files(browser.post("/account/data/export/"))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_customers_owner_takes_everything_along(world: World) -> None:
    browser = sign_in_anew(world.ana)
    with tenant(Scope(Role.CUSTOMER, customer_id=world.customer.pk)):
        counts = {table.name: table.rows.count() for table in company.tables(world.customer.pk)}
    found = of_company(browser)
    assert min(counts.values()) > 0
    for name, count in counts.items():
        assert len(rows(found[f"{name}.csv"])) == len(json.loads(found[f"{name}.json"])) == count
    assert found.keys() == {f"{name}.{form}" for name in counts for form in ("csv", "json")} | {"README.txt"}


def test_no_table_with_a_customers_rows_is_forgotten() -> None:
    """A new table is either in the file or left out by name."""
    told = {table.rows.model.__name__ for table in company.tables(0)}
    theirs = {model.__name__ for model in apps.get_models() if hasattr(model, "customer_id")} | {"Customer"}
    assert theirs - told - LEFT_OUT.keys() == set()


def test_nothing_of_another_customer_is_in_it(world: World) -> None:
    text = "".join(of_company(sign_in_anew(world.ana)).values())
    assert "other" not in text.lower().replace("another", "")
    assert "eva@" not in text


def test_numbers_have_a_point_and_cells_are_harmless(world: World) -> None:
    found = of_company(sign_in_anew(world.ana))
    assert [row["amount"] for row in rows(found["invoice_lines.csv"])] == ["49.00", "1234.56"]
    assert [row["amount"] for row in json.loads(found["invoice_lines.json"])] == ["49.00", "1234.56"]
    assert rows(found["company.csv"])[0]["name"] == f"'{NAME}"
    assert json.loads(found["company.json"])[0]["name"] == NAME


def test_every_column_is_explained(world: World) -> None:
    found = of_company(sign_in_anew(world.ana))
    explained = re.findall(r"^  (\w+): .+", found["README.txt"], re.MULTILINE)
    headers = [
        name for file, text in found.items() if file.endswith(".csv") for name in text.splitlines()[0].split(",")
    ]
    assert sorted(explained) == sorted(headers)


def test_the_password_is_asked_for_again(world: World) -> None:
    for user, url in ((world.ana, "/account/data/"), (world.ana, "/accounts/data/")):
        answer = sign_in(user).post(f"{url}export/")
        assert (answer.status_code, answer["Location"]) == (
            302,
            f"/accounts/reauthenticate/?next={url.replace('/', '%2F')}",
        )


@pytest.mark.parametrize("role", ["billing", "technical"])
def test_the_companys_data_are_the_owners_alone(world: World, role: str) -> None:
    factories.make_person(customer=world.customer, email="bea@vega.example")  # an owner stays
    with as_worker():
        Person.objects.filter(user=world.ana).update(role=role)
    browser = sign_in_anew(world.ana)
    assert browser.get("/account/data/").status_code == 403
    assert browser.post("/account/data/export/").status_code == 403


def test_a_member_in_the_account_takes_nothing_along(world: World) -> None:
    browser = sign_in_anew(world.cast.iberia.owner)
    page = browser.post(f"/customers/{world.customer.pk}/login/", {"reason": "The till"}).content.decode()
    secret = re.search(r'name="token" value="([^"]+)"', page)
    assert secret
    assert browser.post("/account/support/enter/", {"token": secret[1]}).status_code == 302
    assert browser.get("/account/data/").status_code == 403
    assert browser.post("/account/data/export/").status_code == 403
    assert browser.post("/accounts/data/export/").status_code == 403


def test_a_person_takes_their_own_data_along(world: World) -> None:
    with as_worker():
        audit.record("instance.opened", now=world.cast.now, actor=world.ana)
        audit.record("origins.changed", now=world.cast.now, actor=world.cast.iberia.owner)
    found = files(sign_in_anew(world.ana).post("/accounts/data/export/"))
    assert json.loads(found["account.json"])[0]["email"] == "ana@vega.example"
    assert [row["customer"] for row in json.loads(found["accounts.json"])] == [NAME]
    deeds = {row["deed"] for row in json.loads(found["audit_trail.json"])}
    assert deeds == {"instance.opened", "account.signed_in"}
    member = files(sign_in_anew(world.cast.iberia.finance).post("/accounts/data/export/"))
    assert [(row["partner"], row["role"]) for row in json.loads(member["memberships.json"])] == [("Iberia", "finance")]
    assert "ana@" not in "".join(member.values())


def test_no_secret_is_in_a_persons_data(world: World) -> None:
    with as_worker():
        kept = User.objects.get(pk=world.ana.pk).password
    assert kept not in "".join(files(sign_in_anew(world.ana).post("/accounts/data/export/")).values())


def test_who_takes_data_along_is_written_down(world: World) -> None:
    browser = sign_in_anew(world.ana)
    of_company(browser)
    files(browser.post("/accounts/data/export/"))
    with as_worker():
        entries = AuditEntry.objects.filter(verb="data.exported").order_by("pk")
        assert [(entry.actor, entry.customer_id) for entry in entries] == [
            ("ana@vega.example", world.customer.pk),
            ("ana@vega.example", None),
        ]
