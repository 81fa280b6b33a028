"""Comparing with Stripe: what no event told is found, shown and mended."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

import customers.comparing
import instances.comparing
import payments.comparing
from commissions.models import Commission
from customers.models import Customer, Invoice, InvoicePayment, Refund, Subscription
from instances.models import Instance
from ondemand.comparing import Kind, compare, compare_nightly
from ondemand.models import Comparison, Difference
from ondemand.tenancy.context import as_worker
from partners.models import Partner
from tests.conftest import in_ci
from tests.path.conftest import forget_client
from tests.path.walk import Walk

pytestmark = in_ci


@pytest.fixture
def month(walk: Walk, client: Client, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """A customer whose first month was billed and is known here."""
    monkeypatch.setattr("ondemand.clock.now", lambda: walk.now)
    walk.enrol()
    walk.offer()
    walk.customer_pays_a_month(client)
    return walk


def reconcile(**options: Any) -> str:
    said = StringIO()
    call_command("reconcile_stripe", stdout=said, **options)
    return said.getvalue()


def look(walk: Walk, kinds: tuple[Kind, ...] = customers.comparing.COMPARED) -> Comparison:
    return compare("customers", kinds, since=None, now=walk.now)


def differences() -> list[tuple[str, dict[str, Any], dict[str, Any], str]]:
    with as_worker():
        return list(Difference.objects.values_list("kind", "ours", "theirs", "error"))


def payment_intent() -> str:
    with as_worker():
        return InvoicePayment.objects.exclude(payment_intent="").earliest("pk").payment_intent


def test_where_nothing_was_lost_nothing_differs(month: Walk) -> None:
    reconcile()
    assert reconcile().count("none differed") == 3
    assert differences() == []


def test_a_refund_that_no_event_told_is_found_and_written(month: Walk) -> None:
    month.standin.v1.refunds.create({"payment_intent": payment_intent(), "amount": 100})
    look(month)
    with as_worker():
        assert Refund.objects.get().amount == 100
        assert Customer.objects.get().refunded == 100
    assert differences() == [
        ("refund", {"amount": None, "state": None}, {"amount": 100, "state": "succeeded"}, ""),
    ]


def test_a_wrong_row_is_shown_with_both_sides_and_mended(month: Walk) -> None:
    with as_worker():
        invoice = Invoice.objects.earliest("pk")
        Invoice.objects.filter(pk=invoice.pk).update(total=invoice.total + 1)
    look(month)
    assert differences() == [("invoice", {"total": invoice.total + 1}, {"total": invoice.total}, "")]
    with as_worker():
        assert Invoice.objects.get(pk=invoice.pk).total == invoice.total


def test_a_row_that_is_not_final_is_compared_however_old(month: Walk) -> None:
    with as_worker():
        at_stripe = Subscription.objects.get().stripe_id
    month.standin.v1.subscriptions.cancel(at_stripe)
    compare("customers", customers.comparing.COMPARED, since=month.now, now=month.now)
    with as_worker():
        assert Subscription.objects.get().state == Subscription.State.CANCELED


def test_one_that_cannot_be_mended_hides_no_other(month: Walk) -> None:
    month.standin.v1.refunds.create({"payment_intent": payment_intent(), "amount": 100})
    stranger = month.standin.v1.customers.create(
        {
            "email": "who@else.example",
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
    )
    with as_worker():
        price = Subscription.objects.get().plan.stripe_base_price
    theirs = month.standin.v1.subscriptions.create({"customer": stranger.id, "items": [{"price": price}]})
    look(month)
    kinds = {kind: error for kind, _, _, error in differences()}
    assert kinds == {"subscription": f"no customer is {stranger.id}", "refund": ""}
    with pytest.raises(CommandError, match="Not everything"):
        reconcile()
    month.standin.v1.subscriptions.cancel(theirs.id)
    reconcile()  # what has ended, as after a refused sign-up, alarms nobody


def test_usage_that_was_changed_at_stripe_is_told_anew(month: Walk) -> None:
    with as_worker():
        instance = Instance.objects.get()
    month.beat(instance, {0: (12, 2, 9000)})
    month.push_usage()
    [item] = [each for each in month.stripe("/v1/invoiceitems?pending=true")["data"] if each["quantity"] == 10]
    month.standin.v1.invoice_items.update(item["id"], {"quantity": 1})
    compare("instances", instances.comparing.COMPARED, since=None, now=month.now)
    month.push_usage()
    assert month.stripe(f"/v1/invoiceitems/{item['id']}")["quantity"] == 10
    assert differences() == [("invoice item", {"quantity": 10}, {"quantity": 1}, "")]


def test_a_transfer_that_was_reversed_is_told_and_left_to_a_person(month: Walk) -> None:
    month.accrue()
    with as_worker():
        partner = Partner.objects.get()
    month.open_bank_account(partner)
    month.wait(days=31)
    payment = month.approve_payment()
    month.send(payment)
    with as_worker():
        payment.refresh_from_db()
    month.standin.v1.transfers.reversals.create(payment.reference)
    compare("payments", payments.comparing.COMPARED, since=None, now=month.now)
    [(kind, _, _, error)] = differences()
    assert (kind, payment.number in error) == ("transfer", True)


def test_an_account_that_became_ready_unheard_is_found(walk: Walk) -> None:
    partner = walk.enrol()
    walk.standin.submit(walk.bank_url(partner), iban="ES9121000418450200051332", holder=partner.name)
    compare("payments", payments.comparing.COMPARED, since=None, now=walk.now)
    with as_worker():
        assert partner.bank_accounts.get().transfers_enabled
    assert differences() == [("bank account", {"transfers_enabled": False}, {"transfers_enabled": True}, "")]


def test_it_is_done_once_a_night_and_after_an_outage_at_once(walk: Walk) -> None:
    def count() -> int:
        with as_worker():
            return Comparison.objects.count()

    for expected in (1, 1):
        compare_nightly("customers", (), now=walk.now)
        assert count() == expected
    walk.wait(days=3)
    compare_nightly("customers", (), now=walk.now)
    assert count() == 2


def test_without_stripe_it_says_so_and_ends(walk: Walk, settings: Any) -> None:
    settings.STRIPE_RETRIES = 0
    walk.standin.control("faults", {"match": "GET /v1/subscriptions*", "fault": "500"})
    assert look(walk).error


def test_a_night_on_which_stripe_was_away_is_made_good_within_the_hours_after(walk: Walk, settings: Any) -> None:
    settings.STRIPE_RETRIES = 0
    forget_client()
    walk.standin.control("faults", {"match": "GET /v1/subscriptions*", "fault": "500"})
    for _ in range(3):
        compare_nightly("customers", customers.comparing.COMPARED, now=walk.now)
    with as_worker():
        assert list(Comparison.objects.order_by("pk").values_list("error", flat=True))[1:] == [""]


def test_one_that_was_killed_is_begun_anew_and_one_under_way_is_left_alone(walk: Walk) -> None:
    with as_worker():
        Comparison.objects.create(part="customers", started_at=walk.now)
    for expected, hours in ((1, 1), (2, 4)):
        compare_nightly("customers", (), now=walk.now + timedelta(hours=hours))
        with as_worker():
            assert Comparison.objects.count() == expected


def test_a_stripe_that_falls_silent_is_not_asked_about_every_object(month: Walk, settings: Any) -> None:
    settings.STRIPE_RETRIES = 0
    forget_client()
    with as_worker():
        Invoice.objects.update(total=1)
    month.standin.control("faults", {"match": "GET /v1/invoices/*", "fault": "500", "times": 99})
    made = look(month)
    month.standin.control("faults", method="DELETE")
    assert made.error
    assert differences() == []


def test_the_command_alone_brings_everything_right(walk: Walk, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """No webhook and no beat: a paid sign-up whose browser never came back, a renewal, a refund."""
    monkeypatch.setattr("ondemand.clock.now", lambda: walk.now)
    walk.enrol()
    walk.offer()
    walk.pay(walk.register(client)["Location"])
    assert "customers:" in reconcile()
    walk.wait(days=32)
    reconcile()
    walk.standin.v1.refunds.create({"payment_intent": payment_intent(), "amount": 100})
    assert "Not everything" not in reconcile(all=True)
    invoices = walk.stripe("/v1/invoices")["data"]
    with as_worker():
        customer = Customer.objects.get()
        assert customer.invoiced == sum(invoice["total"] for invoice in invoices)
        assert customer.refunded == 100
        assert Commission.objects.filter(kind=Commission.Kind.REVERSAL).exists()


def test_a_day_that_is_none_is_said() -> None:
    with pytest.raises(CommandError, match="YYYY-MM-DD"):
        reconcile(since="yesterday")
