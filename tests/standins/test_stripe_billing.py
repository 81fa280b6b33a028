"""Renewal, usage, failing payments, plan changes, the end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from tests.standins.stripe_process import DAY, Standin
from tests.standins.stripe_shop import Shop


def at(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%m-%d %H:%M}"


def end_of(subscription: stripe.Subscription) -> int:
    return int(subscription["items"].data[0].current_period_end)


@pytest.fixture
def shop(standin: Standin) -> Shop:
    standin.begin(days_ago=300)
    return Shop(standin)


def test_a_renewal_takes_in_what_is_pending_with_its_metadata(standin: Standin, shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    item = shop.item(mine, 3, metadata={"cycle": "11"}, period={"start": 100, "end": 200})
    shop.v1.invoice_items.update(item.id, {"quantity": 4})
    standin.advance(32 * DAY)
    invoice = standin.v1.invoices.list({"subscription": mine.id}).data[0]
    assert (invoice.status, invoice.total, invoice.billing_reason) == ("paid", 9900 + 4 * 1500, "subscription_cycle")
    line = next(each for each in invoice.lines.data if each.parent and each.parent.invoice_item_details)
    assert line.parent and line.parent.invoice_item_details
    assert line.parent.invoice_item_details.invoice_item == item.id
    assert (line.metadata["cycle"], line.quantity, line.period.start, line.period.end) == ("11", 4, 100, 200)
    assert standin.v1.invoice_items.list({"customer": str(mine.customer), "pending": True}).data == []


def test_a_draft_waits_an_hour_and_its_item_can_still_be_corrected(standin: Standin, shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    item = shop.item(mine, 1)
    standin.advance(end_of(mine) - standin.now() + 60)
    draft = standin.v1.invoices.list({"subscription": mine.id}).data[0]
    assert (draft.status, draft.total, draft.automatically_finalizes_at) == ("draft", 11400, end_of(mine) + 3600)
    shop.v1.invoice_items.update(item.id, {"quantity": 5, "metadata": {"late": "yes"}})
    assert standin.v1.invoices.retrieve(str(draft.id)).total == 9900 + 5 * 1500
    standin.advance(3600)
    assert standin.v1.invoices.retrieve(str(draft.id)).status == "paid"
    with pytest.raises(stripe.InvalidRequestError, match="no longer a draft"):
        shop.v1.invoice_items.update(item.id, {"quantity": 6})


def test_the_preview_shows_what_is_pending_and_the_next_period_and_changes_nothing(
    standin: Standin, shop: Shop
) -> None:
    mine = shop.subscription(shop.customer())
    shop.item(mine, 2)
    preview = shop.v1.invoices.create_preview({"subscription": mine.id})
    assert (preview.total, preview.status) == (9900 + 3000, "draft")
    assert str(preview.id).startswith("upcoming_")
    assert preview.lines.data[-1].period.start == end_of(mine)
    assert len(standin.v1.invoices.list({"subscription": mine.id}).data) == 1
    assert end_of(shop.v1.subscriptions.retrieve(mine.id)) == end_of(mine)


def test_periods_keep_utc_clock_time_and_the_anchors_day(standin: Standin) -> None:
    standin.control("clock", {"advance_to": int(datetime(2026, 1, 10, 12, tzinfo=UTC).timestamp())})
    shop = Shop(standin)
    anchor = int(datetime(2026, 1, 31, 23, tzinfo=UTC).timestamp())  # midnight of 1 February in Madrid
    mine = shop.subscription(shop.customer(), billing_cycle_anchor=anchor)
    ends = [at(end_of(mine))]
    for _ in range(4):
        standin.advance(end_of(mine) - standin.now() + 10)
        mine = shop.v1.subscriptions.retrieve(mine.id)
        ends.append(at(end_of(mine)))
    assert ends == ["01-31 23:00", "02-28 23:00", "03-31 23:00", "04-30 23:00", "05-31 23:00"]


def test_a_failed_renewal_is_retried_by_schedule_and_stays_past_due(standin: Standin, shop: Shop) -> None:
    owner = shop.customer()
    mine = shop.subscription(owner)
    shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": owner})
    bad = shop.v1.customers.payment_methods.list(owner).data[0].id
    shop.v1.customers.update(owner, {"invoice_settings": {"default_payment_method": bad}})
    standin.advance(end_of(mine) - standin.now() + 7200)
    invoice = standin.v1.invoices.list({"subscription": mine.id}).data[0]
    assert (invoice.status, invoice.attempt_count) == ("open", 1)
    assert invoice.next_payment_attempt == end_of(mine) + 3600 + 3 * DAY
    assert shop.v1.subscriptions.retrieve(mine.id).status == "past_due"
    assert shop.v1.customers.retrieve(owner).delinquent
    standin.advance(20 * DAY)
    invoice = standin.v1.invoices.retrieve(str(invoice.id))
    assert (invoice.attempt_count, invoice.next_payment_attempt, invoice.status) == (4, None, "open")
    assert shop.v1.subscriptions.retrieve(mine.id).status == "past_due"


def test_paying_what_is_open_makes_the_subscription_active(standin: Standin, shop: Shop) -> None:
    owner = shop.customer()
    mine = shop.subscription(owner)
    shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": owner})
    bad, good = (method.id for method in shop.v1.customers.payment_methods.list(owner).data)
    shop.v1.subscriptions.update(mine.id, {"default_payment_method": bad})
    standin.advance(33 * DAY)
    invoice = standin.v1.invoices.list({"subscription": mine.id, "status": "open"}).data[0]
    with pytest.raises(stripe.CardError):
        shop.v1.invoices.pay(str(invoice.id))
    assert shop.v1.invoices.pay(str(invoice.id), {"payment_method": good}).status == "paid"
    assert shop.v1.subscriptions.retrieve(mine.id).status == "active"


def test_an_unpaid_first_invoice_expires_its_subscription(standin: Standin, shop: Shop) -> None:
    mine = shop.subscription(shop.customer("pm_card_chargeCustomerFail"))
    assert mine.status == "incomplete"
    standin.advance(DAY)
    assert shop.v1.subscriptions.retrieve(mine.id).status == "incomplete_expired"
    assert standin.v1.invoices.retrieve(str(mine.latest_invoice)).status == "void"


def test_a_plan_change_credits_and_charges_the_rest_of_the_period(standin: Standin, shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    dear = shop.price(19900, recurring={"interval": "month"})
    start, end = standin.now(), end_of(mine)
    standin.advance((end - start) // 2)
    line = mine["items"].data[0].id
    shop.v1.subscriptions.update(mine.id, {"items": [{"id": line, "price": dear}]})
    rest, unused = standin.v1.invoice_items.list({"customer": str(mine.customer), "pending": True}).data
    assert abs(unused.amount + 4950) <= 1
    assert abs(rest.amount - 9950) <= 1
    assert rest.proration and unused.proration
    preview = shop.v1.invoices.create_preview({"subscription": mine.id})
    assert preview.total == 19900 + rest.amount + unused.amount


def test_a_plan_change_without_proration_waits_for_the_next_period(standin: Standin, shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    dear = shop.price(19900, recurring={"interval": "month"})
    line = mine["items"].data[0].id
    shop.v1.subscriptions.update(mine.id, {"items": [{"id": line, "price": dear}], "proration_behavior": "none"})
    assert shop.v1.invoices.create_preview({"subscription": mine.id}).total == 19900


def test_always_invoice_bills_the_difference_at_once(standin: Standin, shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    dear = shop.price(19900, recurring={"interval": "month"})
    line = mine["items"].data[0].id
    after = shop.v1.subscriptions.update(
        mine.id, {"items": [{"id": line, "price": dear}], "proration_behavior": "always_invoice"}
    )
    invoice = standin.v1.invoices.retrieve(str(after.latest_invoice))
    assert (invoice.status, invoice.billing_reason) == ("paid", "subscription_update")
    assert abs(invoice.total - 10000) <= 2


def test_cancel_at_on_a_boundary_ends_there_without_a_proration(standin: Standin, shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    third = end_of(mine)
    for _ in range(2):
        third = _month_later(third, mine.billing_cycle_anchor)
    mine = shop.v1.subscriptions.update(mine.id, {"cancel_at": third})
    assert standin.v1.invoice_items.list({"customer": str(mine.customer)}).data == []
    assert shop.v1.invoices.create_preview({"subscription": mine.id}).total == 9900
    standin.advance(third - standin.now() - 60)
    shop.item(mine, 2)
    standin.advance(2 * 3600)
    ended = shop.v1.subscriptions.retrieve(mine.id)
    assert (ended.status, ended.ended_at) == ("canceled", third)
    last = standin.v1.invoices.list({"subscription": mine.id}).data
    assert [each.total for each in last] == [3000, 9900, 9900, 9900]
    assert last[0].status == "paid"


def _month_later(moment: int, anchor: int) -> int:
    import calendar

    then = datetime.fromtimestamp(moment, UTC)
    year, month = divmod(then.year * 12 + then.month, 12)
    day = min(datetime.fromtimestamp(anchor, UTC).day, calendar.monthrange(year, month + 1)[1])
    return int(then.replace(year=year, month=month + 1, day=day).timestamp())


def test_cancelling_at_the_periods_end_can_be_undone(standin: Standin, shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    after = shop.v1.subscriptions.update(mine.id, {"cancel_at_period_end": True})
    assert after.cancel_at == end_of(mine)
    with pytest.raises(stripe.InvalidRequestError, match="No upcoming invoices"):
        shop.v1.invoices.create_preview({"subscription": mine.id})
    shop.v1.subscriptions.update(mine.id, {"cancel_at_period_end": False})
    standin.advance(32 * DAY)
    assert shop.v1.subscriptions.retrieve(mine.id).status == "active"


def test_ending_at_once_invoices_what_is_pending(standin: Standin, shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    shop.item(mine, 2)
    ended = shop.v1.subscriptions.cancel(mine.id, {"invoice_now": True})
    assert ended.status == "canceled"
    last = standin.v1.invoices.retrieve(str(ended.latest_invoice))
    assert (last.status, last.total) == ("paid", 3000)
    with pytest.raises(stripe.InvalidRequestError):
        shop.item(mine, 1)


@pytest.mark.parametrize(
    ("behavior", "status"), [("void", "void"), ("mark_uncollectible", "uncollectible"), ("keep_as_draft", "draft")]
)
def test_a_paused_subscription_goes_on_and_is_not_collected(
    standin: Standin, shop: Shop, behavior: Any, status: str
) -> None:
    mine = shop.subscription(shop.customer())
    shop.v1.subscriptions.update(mine.id, {"pause_collection": {"behavior": behavior}})
    standin.advance(33 * DAY)
    assert standin.v1.invoices.list({"subscription": mine.id}).data[0].status == status
    assert shop.v1.subscriptions.retrieve(mine.id).status == "active"


def test_what_is_below_the_smallest_charge_is_carried_on(standin: Standin, shop: Shop) -> None:
    owner = shop.customer()
    for amount, paid in ((30, 0), (100, 130)):
        shop.v1.invoice_items.create({"customer": owner, "amount": amount, "currency": "eur"})
        made = shop.v1.invoices.create({"customer": owner, "pending_invoice_items_behavior": "include"})
        shop.v1.invoices.finalize_invoice(str(made.id))
        invoice = shop.v1.invoices.retrieve(str(made.id))
        if invoice.status == "open":
            invoice = shop.v1.invoices.pay(str(made.id))
        assert (invoice.status, invoice.amount_paid) == ("paid", paid)


def test_taxes_are_added_or_inside(standin: Standin, shop: Shop) -> None:
    for inclusive, total in ((False, 12100), (True, 10000)):
        rate = shop.v1.tax_rates.create({"display_name": "IVA", "percentage": 21, "inclusive": inclusive})
        mine = shop.subscription(shop.customer(), items=[{"price": shop.price(10000, recurring={"interval": "month"})}],
                                 default_tax_rates=[rate.id])  # fmt: skip
        invoice = standin.v1.invoices.retrieve(str(mine.latest_invoice))
        assert invoice.total == total
        assert invoice.total_taxes and invoice.total_taxes[0].amount == (1736 if inclusive else 2100)
        assert invoice.total_excluding_tax == total - invoice.total_taxes[0].amount


def test_a_credit_note_after_payment_refunds_its_part(standin: Standin, shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    invoice = str(mine.latest_invoice)
    line = standin.v1.invoices.retrieve(invoice).lines.data[0].id
    note = shop.v1.credit_notes.create({
        "invoice": invoice, "refund_amount": 900,
        "lines": [{"type": "invoice_line_item", "invoice_line_item": line, "amount": 900}]})  # fmt: skip
    assert (note.type, note.total, note.refunds[0].amount_refunded) == ("post_payment", 900, 900)
    assert standin.v1.refunds.retrieve(str(note.refunds[0].refund)).amount == 900
    assert standin.v1.invoices.retrieve(invoice).post_payment_credit_notes_amount == 900


def test_a_credit_note_before_payment_lowers_what_is_due(standin: Standin, shop: Shop) -> None:
    mine = shop.subscription(shop.customer("pm_card_chargeCustomerFail"))
    invoice = str(mine.latest_invoice)
    shop.v1.credit_notes.create({"invoice": invoice, "amount": 900})
    assert standin.v1.invoices.retrieve(invoice).amount_remaining == 9000
    shop.v1.credit_notes.create({"invoice": invoice, "amount": 9000})
    assert standin.v1.invoices.retrieve(invoice).status == "paid"


def test_a_year_of_fifteen_customers_passes_in_order(standin: Standin, shop: Shop) -> None:
    mine = [shop.subscription(shop.customer()) for _ in range(15)]
    for each in mine:
        shop.item(each, 1)
        shop.item(each, 2)
    standin.advance(299 * DAY)
    counts = {len(standin.v1.invoices.list({"subscription": each.id, "limit": 20}).data) for each in mine}
    assert counts == {10}
    events = standin.v1.events.list({"limit": 100, "type": "invoice.paid"}).data
    assert [each.created for each in events] == sorted((each.created for each in events), reverse=True)


def test_a_named_card_is_attached_and_made_the_default_in_one_call(standin: Standin) -> None:
    given: Any = {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    customer = standin.v1.customers.create(given)
    [card] = standin.v1.customers.payment_methods.list(customer.id).data
    assert customer.invoice_settings and customer.invoice_settings.default_payment_method == card.id
