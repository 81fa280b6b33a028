"""A Stripe that hangs, breaks off or has something no more: pages answer, the inbox waits, the row says why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, override_settings

import customers.tasks
import ondemand.tasks
from customers.models import Customer, Invoice
from instances.models import Instance
from ondemand import clock
from ondemand.models import StripeEvent, User
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from tests.conftest import in_ci
from tests.factories import make_user, sign_in
from tests.inbox.events import store
from tests.path.conftest import forget_client
from tests.path.walk import Walk

pytestmark = in_ci

MANY = 1000
LISTS = ("/dashboard/", "/customers/", "/instances/", "/commissions/", "/sign-up-pages/", "/payments/")


@pytest.fixture
def month(walk: Walk, client: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    """A customer whose first month was billed and is known here; Stripe's faults end with the test."""
    monkeypatch.setattr("ondemand.clock.now", lambda: walk.now)
    walk.enrol()
    walk.offer()
    walk.customer_pays_a_month(client)
    with override_settings(STRIPE_READ_SECONDS=0.3, STRIPE_RETRIES=0):
        forget_client()
        yield walk
    walk.standin.control("faults", method="DELETE")


def fail(walk: Walk, fault: str, match: str = "* /v1/*") -> None:
    walk.standin.control("faults", {"match": match, "fault": fault, "times": MANY})


def never_asked(walk: Walk) -> bool:
    return [each["times"] for each in walk.standin.control("faults")["faults"]] == [MANY]


def person(email: str) -> Client:
    with tenant(Scope(Role.STAFF)):
        user = User.objects.get(email=email)
    return sign_in(user)


def test_no_page_asks_stripe_so_none_is_slower_or_wrong_while_it_hangs(month: Walk) -> None:
    with as_worker():
        customer, instance = Customer.objects.get(), Instance.objects.get()
    partner, account, staff = person("owner@iberia.example"), person("ana@central.example"), _staff()
    fail(month, "hang")
    for page in (*LISTS, f"/customers/{customer.pk}/", f"/instances/{instance.pk}/"):
        assert partner.get(page).status_code == 200, page
    assert account.get("/account/").status_code == 200
    for page in ("customers/customer", "customers/invoice", "ondemand/stripeevent", "ondemand/comparison"):
        assert staff.get(f"/admin/{page}/").status_code in (200, 404), page
    assert never_asked(month)


def _staff() -> Client:
    return sign_in(make_user(email="staff@openbravo.example", is_staff=True))


@pytest.mark.parametrize("fault", ["hang", "500", "429", "half"])
def test_events_of_an_ailing_stripe_wait_with_the_reason_and_are_taken_when_it_is_well(month: Walk, fault: str) -> None:
    with as_worker():
        invoice = Invoice.objects.earliest("pk")
        Invoice.objects.filter(pk=invoice.pk).update(total=1)
    store("evt_late", invoice.stripe_id, now=month.now)
    fail(month, fault)
    customers.tasks.take_events()
    waiting = _event("evt_late")
    assert (waiting.state, waiting.tries) == ("waiting", 1)
    assert waiting.error.startswith(("Unavailable: ", "TooMany: "))
    month.standin.control("faults", method="DELETE")
    month.wait(minutes=5)
    customers.tasks.take_events()
    assert _event("evt_late").state == "done"
    with as_worker():
        assert Invoice.objects.get(pk=invoice.pk).total == invoice.total


@pytest.mark.parametrize(("kind", "id"), [("subscription", "sub_gone"), ("refund", "re_gone")])
def test_an_event_about_what_stripe_has_no_more_ends_with_its_words(walk: Walk, kind: str, id: str) -> None:
    store("evt_gone", id, kind=kind, now=clock.now())
    customers.tasks.take_events()
    gone = _event("evt_gone")
    assert (gone.state, gone.tries) == ("ignored", 0)
    assert id in gone.reason


def test_a_draft_that_was_deleted_is_void_here(month: Walk) -> None:
    v1: Any = month.standin.v1
    with as_worker():
        customer = Customer.objects.get().stripe_id
    draft = v1.invoices.create({"customer": customer}).id
    ondemand.tasks.poll_events()
    customers.tasks.take_events()
    v1.invoices.delete(draft)
    ondemand.tasks.poll_events()
    customers.tasks.take_events()
    with as_worker():
        assert Invoice.objects.get(stripe_id=draft).state == Invoice.State.VOID
        assert not StripeEvent.objects.filter(object_id=draft, state="waiting").exists()


def test_an_event_of_another_version_is_fetched_in_ours(month: Walk) -> None:
    """What it shows is not looked at: it may have the shape of any year."""
    with as_worker():
        invoice = Invoice.objects.earliest("pk")
        Invoice.objects.filter(pk=invoice.pk).update(total=1)
    store("evt_old", invoice.stripe_id, now=month.now)
    with as_worker():
        StripeEvent.objects.filter(pk="evt_old").update(payload={"api_version": "2019-05-16", "data": {"object": {}}})
    customers.tasks.take_events()
    with as_worker():
        assert Invoice.objects.get(pk=invoice.pk).total == invoice.total


def _event(id: str) -> StripeEvent:
    with as_worker():
        return StripeEvent.objects.get(pk=id)
