"""The cycle so far costs what the invoice that follows does, to the cent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import customers.tasks
from customers import upcoming
from customers.models import UpcomingInvoice
from ondemand.gateway import invoices
from ondemand.tenancy.context import as_worker
from tests.conftest import in_ci
from tests.path.conftest import forget_client
from tests.usage.world import World

pytestmark = in_ci


@pytest.fixture
def shop(spring: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("ondemand.clock.now", lambda: spring.now)
    spring.boot("shop")
    return spring


def kept() -> UpcomingInvoice:
    with as_worker():
        return UpcomingInvoice.objects.get()


def preview(shop: World) -> UpcomingInvoice:
    customers.tasks.preview()
    return kept()


def renewed(shop: World) -> Any:
    """The invoice of the cycle that ends now, final."""
    shop.wait_until(shop.cycle[1] + timedelta(hours=2))
    return shop.invoices()[0]


def priced(lines: list[Any], meter: str) -> list[tuple[int, int]]:
    return sorted((line["quantity"], line["amount"]) for line in lines if line["meter"] == meter)


def test_the_last_preview_is_the_invoice_that_follows(shop: World) -> None:
    """All meters, included amounts, a discount, tax, a change of plan, a balance."""
    v1, stripe_id = shop.standin.v1, shop.subscription.stripe_id
    rate = v1.tax_rates.create({"display_name": "IVA", "percentage": 21, "inclusive": False})
    coupon = v1.coupons.create({"percent_off": 15, "duration": "forever"})
    v1.subscriptions.update(
        stripe_id, {"default_tax_rates": [rate.id], "discounts": [{"coupon": coupon.id}]}
    )  # fmt: skip
    v1.customers.balance_transactions.create(shop.customer.stripe_id, {"amount": -777, "currency": "eur"})
    shop.wait(days=8)
    item = v1.subscriptions.retrieve(stripe_id)["items"].data[0]
    dearer = shop.shop.price(9900, recurring={"interval": "month"})
    v1.subscriptions.update(stripe_id, {"items": [{"id": item.id, "price": dearer}]})
    shop.use(shop.instances[0], 9, ago=3, terminals=4, disk_mb=9 * 1024 + 1)
    shop.use(shop.instances[0], 4)
    shop.push()
    last = preview(shop)
    invoice = renewed(shop)
    assert (last.subtotal, last.total, last.due) == (invoice.subtotal, invoice.total, invoice.amount_due)
    assert last.tax == sum(tax.amount for tax in invoice.total_taxes)
    assert last.discount == sum(each.amount for each in invoice.total_discount_amounts)
    assert sorted(line["amount"] for line in last.lines) == sorted(line.amount for line in invoice.lines.data)
    assert priced(last.lines, "users") == [(7, 7 * 1500)]
    assert priced(last.lines, "terminals") == [(3, 3 * 1000)]
    assert priced(last.lines, "disk") == [(5, 5 * 200)]
    assert len(priced(last.lines, "other")) == 3  # what was prorated, and the price that no plan here has
    assert invoice.total > 0 > last.due - last.total


def test_a_rise_is_in_the_next_preview(shop: World) -> None:
    before = preview(shop)
    shop.use(shop.instances[0], 5)
    shop.push()
    after = preview(shop)
    assert (before.total, after.total) == (4900, 4900 + 3 * 1500)
    assert after.fetched_at is not None


def test_without_news_stripe_is_asked_four_times_a_day(shop: World) -> None:
    first = preview(shop).fetched_at
    shop.wait(hours=5)
    assert preview(shop).fetched_at == first
    shop.wait(hours=2)
    assert preview(shop).fetched_at != first


def test_what_is_wished_while_stripe_is_asked_is_looked_at_again(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = invoices.preview_invoice

    def slow(stripe_id: str) -> Any:
        answer = real(stripe_id)
        with as_worker():
            upcoming.want(stripe_id, now=shop.now)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr("customers.upcoming.preview_invoice", slow)
        asked = preview(shop)
    assert asked.fetched_at is not None
    assert asked.next_look_at <= shop.now


def test_without_stripe_the_last_one_stays_with_its_time(shop: World, settings: Any) -> None:
    settings.STRIPE_RETRIES = 0
    forget_client()
    last = preview(shop)
    shop.wait(hours=7)
    shop.standin.control("faults", {"match": "POST /v1/invoices/create_preview", "fault": "500"})
    stale = preview(shop)
    assert (stale.total, stale.fetched_at, stale.tries) == (last.total, last.fetched_at, 1)


def test_of_what_ends_with_its_cycle_nothing_more_is_announced(shop: World) -> None:
    end = int(shop.cycle[1].timestamp())
    shop.standin.v1.subscriptions.update(shop.subscription.stripe_id, {"cancel_at": end, "proration_behavior": "none"})
    assert (preview(shop).total, kept().lines) == (0, [])


def test_of_what_has_ended_no_preview_is_left(shop: World) -> None:
    preview(shop)
    shop.standin.v1.subscriptions.cancel(shop.subscription.stripe_id)
    shop.sync()
    customers.tasks.preview()
    with as_worker():
        assert not UpcomingInvoice.objects.exists()
