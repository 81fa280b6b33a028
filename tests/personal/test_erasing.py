"""A customer is erased: no text of theirs is left in any table, the ledger is whole, a death on the way no harm."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import DatabaseError, connection
from django.test import Client, override_settings

from customers import support
from customers.models import Customer, Invoice, Person
from instances.models import Instance
from instances.services import boots
from instances.services.help import ask
from ondemand import hints, testing
from ondemand.models import AuditEntry, Erasure, StripeEvent, User
from ondemand.personal import erasing
from ondemand.personal.payloads import reduced
from ondemand.teams.invitations import LIFETIME
from ondemand.tenancy.context import as_worker, tenant
from partners.models import Partner
from signup.models import SignUp
from signup.services import username_is_free
from tests.conftest import database
from tests.path.closing import end_for_good
from tests.path.conftest import park, standin, stripe_base, walking
from tests.path.killing import run_to_death
from tests.path.rows import rows
from tests.path.test_hanging import failing
from tests.path.test_twice import CACHE
from tests.path.walk import STAFF, Walk
from tests.standins.park import Park
from tests.standins.stripe_process import Standin

__all__ = ["park", "standin", "stripe_base"]
MARK = re.compile("kestrel|65739856", re.IGNORECASE)
TYPED = {"company": "Kestrel SL", "name": "Ana Kestrel", "email": "ana@kestrel.example", "username": "kestrel-shop"}
INSERT = re.compile(r"^INSERT INTO public\.(\w+)", re.MULTILINE)
LEDGER = {
    "commissions_commission": "count(*), sum(amount), sum(base)",
    "customers_invoice": "count(*), sum(total), sum(paid), sum(tax)",
    "customers_invoiceline": "count(*), sum(amount), sum(quantity)",
    "customers_invoicepayment": "count(*), sum(amount)",
    "payments_payment": "count(*), sum(amount)",
    "payments_paymentline": "count(*), sum(amount)",
    "instances_usagereading": "count(*), sum(users)",
}


@dataclass
class Erased:
    """What was seen on the way."""

    customer: Customer
    before: str
    books: dict[str, Any]
    refused: str = ""
    unanswered: tuple[str, str] = ("", "")
    deaths: int = 0
    after: str = ""
    late: str = ""
    last: str = ""
    books_after: dict[str, Any] = field(default_factory=dict)
    second: set[str] = field(default_factory=set)


def dump() -> str:
    """Every row of every table, as the superuser sees it."""
    program = [str(testing.postgres.bin / "pg_dump"), "-h", str(testing.postgres.sockets), "-U", "postgres"]
    command = [*program, "--data-only", "--inserts", str(connection.settings_dict["NAME"])]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def marked_tables(text: str) -> set[str]:
    """The tables with a row that holds a mark."""
    found, table = set(), ""
    for line in text.splitlines():
        if begins := INSERT.match(line):
            table = begins[1]
        if MARK.search(line):
            found.add(table)
    return found


def books() -> dict[str, Any]:
    with as_worker(), connection.cursor() as cursor:
        found = {}
        for table, sums in LEDGER.items():
            cursor.execute(f"SELECT {sums} FROM {table}")
            found[table] = cursor.fetchone()
        return found


@pytest.fixture(scope="module")
def erased(django_db_setup: None, django_db_blocker: Any, stripe_base: str, park: Park) -> Iterator[Erased]:
    with (
        django_db_blocker.unblock(),
        database("erased"),
        hints.muted(),
        override_settings(CACHES=CACHE),
        walking(Standin(stripe_base), park) as walk,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("ondemand.clock.now", lambda: walk.now)
        yield erase_all(walk)


def erase_all(walk: Walk) -> Erased:
    customer = live(walk)
    staff = walk.staff("staff")
    with as_worker(), pytest.raises(erasing.ErasureRefused) as refusal:
        erasing.confirm(customer, reason="by letter", by=staff, now=walk.now)
    end(walk, customer)
    seen = Erased(customer, dump(), books(), refused=str(refusal.value))
    with as_worker():
        erasure = erasing.confirm(customer, reason="by letter", by=staff, now=walk.now)
    with failing(walk, "DELETE /v1/customers/*", "500"):
        state = erasing.carry_out(erasure.pk, now=walk.now)
    with as_worker():
        seen.unanswered = state, Customer.objects.get().name
    seen.deaths = die_on_the_way(walk, erasure)
    seen.after, seen.books_after = dump(), books()
    seen.second = rows()
    erasing.carry_out(erasure.pk, now=walk.now + timedelta(days=1))
    seen.second ^= rows()
    walk.wait(hours=3)  # later than the last of those runs
    walk.take_events()
    seen.late = dump()
    erasing.reduce_late_events(now=walk.now)
    seen.last = dump()
    return seen


def live(walk: Walk) -> Customer:
    """Everything that can carry a name of the customer's does."""
    walk.enrol()
    walk.offer()
    browser = Client()
    walk.sign_up(browser, **TYPED)
    instance = walk.boot()
    walk.beat(instance, {0: (12, 2, 9000)})
    walk.push_usage()
    walk.take_events()
    walk.wait(days=32)
    walk.take_events()
    walk.accrue()
    walk.register(Client(), **TYPED | {"username": "kestrel-two"})  # and left it
    with as_worker():
        customer, helper = Customer.objects.get(), User.objects.get(email="owner@iberia.example")
        boots.note(instance, "failed", "The boot failed: http://kestrel-shop.example", walk.now)
        token = support.issue(
            customer.pk, by=helper, partner_id=customer.partner_id, reason="The till of Kestrel", now=walk.now
        )
        support.enter(token, by=helper, now=walk.now)
        ana = User.objects.get(email="ana@kestrel.example")
        ask(customer, by=ana, text="The till of Kestrel prints nothing", instance=instance, now=walk.now)
        customer.invitations.create(
            partner_id=customer.partner_id,
            email="bea@kestrel.example",
            role=Person.Role.BILLING,
            created_at=walk.now,
            expires_at=walk.now + LIFETIME,
        )
    with tenant(STAFF):
        LogEntry.objects.create(user_id=helper.pk, action_flag=2, object_repr="ana@kestrel.example")
    return customer


def end(walk: Walk, customer: Customer) -> None:
    with as_worker():
        subscription, instance = customer.subscriptions.get(), Instance.objects.get(customer=customer)
        SignUp.objects.filter(state=SignUp.State.CHECKOUT).update(state=SignUp.State.EXPIRED)
    walk.standin.v1.subscriptions.cancel(subscription.stripe_id)
    walk.wait(seconds=5)
    walk.take_events()
    end_for_good(walk, instance.pk)
    walk.accrue()


def die_on_the_way(walk: Walk, erasure: Erasure) -> int:
    """Killed at its first point, then at its second, until a run gets to its end. How many deaths that were."""
    for point in range(1, 20):
        now = walk.now + timedelta(minutes=10 * point)
        if run_to_death(partial(erasing.carry_out, erasure.pk, now=now), at=point) is not None:
            return point - 1
        with as_worker():
            if Erasure.objects.get(pk=erasure.pk).state == Erasure.State.DONE:
                return point
    raise AssertionError("it never ended")


def test_there_was_much_to_erase(erased: Erased) -> None:
    assert marked_tables(erased.before) >= {
        "account_emailaddress",
        "commissions_commission",
        "customers_assignment",
        "customers_customer",
        "customers_helprequest",
        "customers_invoiceline",
        "customers_logintoken",
        "customers_personinvitation",
        "django_admin_log",
        "instances_instance",
        "instances_instanceevent",
        "ondemand_auditentry",
        "ondemand_mail",
        "ondemand_stripeevent",
        "ondemand_user",
        "signup_signup",
    }


def test_nothing_that_names_the_customer_is_left_in_any_table(erased: Erased) -> None:
    assert marked_tables(erased.after) == set()


def test_the_ledger_is_whole(erased: Erased) -> None:
    assert erased.books_after == erased.books
    assert all(found[0] for table, found in erased.books.items() if not table.startswith("payments_"))


def test_it_was_killed_on_the_way_and_carried_on(erased: Erased) -> None:
    assert erased.deaths >= 4  # after the claim, before and after Stripe, at the end


def test_a_stripe_that_fails_is_asked_again_and_nothing_is_erased_before(erased: Erased) -> None:
    assert erased.unanswered == (Erasure.State.CONFIRMED, TYPED["company"])


def test_a_second_run_changes_nothing(erased: Erased) -> None:
    assert erased.second == set()


def test_while_a_subscription_runs_it_is_refused(erased: Erased) -> None:
    assert "subscription is still running" in erased.refused


def test_what_stripe_tells_afterwards_is_reduced_too(erased: Erased) -> None:
    assert marked_tables(erased.late) == {"ondemand_stripeevent"}
    assert marked_tables(erased.last) == set()


def test_what_is_left_says_what_it_was(erased: Erased) -> None:
    with as_worker():
        customer = Customer.objects.get()
        assert customer.name == f"erased customer {customer.pk}"
        assert not Person.objects.filter(active=True).exists()
        assert not Invoice.objects.exclude(page_url="", pdf_url="").exists()
        owner = User.objects.get(username__startswith="erased.")
        assert (owner.is_active, owner.has_usable_password()) == (False, False)
        entries = AuditEntry.objects.filter(verb__startswith="erasure.").order_by("pk")
        expected = [("erasure.confirmed", f"customer {customer.pk}"), ("erasure.done", f"customer {customer.pk}")]
        assert [(entry.verb, entry.target) for entry in entries] == expected


def test_at_stripe_the_customer_is_gone(erased: Erased) -> None:
    with as_worker():
        events = StripeEvent.objects.filter(type="customer.deleted", object_id=erased.customer.stripe_id)
        assert events.count() == 1
        assert StripeEvent.objects.filter(state=StripeEvent.State.DEAD).count() == 0


def test_an_event_keeps_ids_and_amounts(erased: Erased) -> None:
    with as_worker():
        event = StripeEvent.objects.filter(type="invoice.paid").first()
    assert event
    about = event.payload["data"]["object"]
    assert about["customer"] == erased.customer.stripe_id
    assert about["amount_paid"] > 0
    assert not about["customer_email"]


def test_the_name_is_given_to_nobody_again(erased: Erased) -> None:
    assert not username_is_free("kestrel-shop")
    assert not username_is_free("Kestrel-Shop")
    assert username_is_free("kestrel-shops")


def test_a_partner_is_untouched(erased: Erased) -> None:
    with as_worker():
        assert Partner.objects.get().name == "Iberia"
        assert User.objects.get(email="owner@iberia.example").is_active


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ondemand_auditentry SET actor = 'somebody'",
        "UPDATE ondemand_auditentry SET verb = 'erased'",
        'UPDATE ondemand_auditentry SET detail = detail || \'{"new": "erased"}\'',
        "UPDATE commissions_commission SET customer_name = 'erased customer 0'",
        "UPDATE commissions_commission SET amount = 0",
    ],
)
def test_the_exception_lets_nothing_else_be_written(erased: Erased, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only|permission denied"), as_worker():
        connection.cursor().execute(statement)


@pytest.mark.parametrize("text", ["Ana", "a@b.example", "+34 600 000 000", "Calle Mayor 1", "ES"])
def test_no_text_about_a_person_outlives_the_reduction(text: str) -> None:
    event = {
        "id": "evt_12345678",
        "data": {"object": {"name": text, "metadata": {"id": "abc_12345678"}, "list": [text]}},
    }
    assert text not in str(reduced(event)).replace("evt_12345678", "")
    assert reduced(event)["data"]["object"]["metadata"] == {}
