"""The states that billing can be in, a customer's life each: where it yields, everybody looks and a day goes by."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.states.desk import Desk

Life = Iterator[None]
CASES: list[Callable[[Desk], Life]] = []


def case(life: Callable[[Desk], Life]) -> Callable[[Desk], Life]:
    CASES.append(life)
    return life


@case
def draft(desk: Desk) -> Life:
    desk.draft()
    yield


@case
def draft_that_is_deleted(desk: Desk) -> Life:
    made = desk.draft()
    yield
    desk.v1.invoices.delete(made.id)
    yield


@case
def open_and_paid_the_day_after(desk: Desk) -> Life:
    invoice = desk.open()
    yield
    desk.pay(invoice)
    yield


@case
def paid_in_three_parts(desk: Desk) -> Life:
    invoice = desk.open()
    for amount in (1_000, 333):
        desk.pay_part(invoice, amount)
        yield
    desk.pay(invoice)
    yield


@case
def part_paid_part_refunded_and_paid_in_full(desk: Desk) -> Life:
    invoice = desk.open()
    intent = desk.pay_part(invoice, 2_000)
    yield
    desk.v1.refunds.create({"payment_intent": intent, "amount": 777})
    yield
    desk.pay(invoice)
    yield


@case
def uncollectible(desk: Desk) -> Life:
    desk.v1.invoices.mark_uncollectible(desk.open().id)
    yield


@case
def uncollectible_and_paid_after_all(desk: Desk) -> Life:
    invoice = desk.v1.invoices.mark_uncollectible(desk.open().id)
    yield
    desk.pay(invoice)
    yield


@case
def void(desk: Desk) -> Life:
    invoice = desk.open()
    yield
    desk.v1.invoices.void_invoice(invoice.id)
    yield


@case
def paid_outside_stripe(desk: Desk) -> Life:
    desk.paid()
    desk.pay(desk.open(), paid_out_of_band=True)
    yield


@case
def part_paid_and_the_rest_outside_stripe(desk: Desk) -> Life:
    invoice = desk.open()
    desk.pay_part(invoice, 1_234)
    yield
    desk.pay(invoice, paid_out_of_band=True)
    yield


@case
def below_what_stripe_charges(desk: Desk) -> Life:
    assert desk.open(lines=[("tiny", 1)]).status == "paid"
    yield
    assert desk.paid().amount_due == 39_99 + 15_19 + 31


@case
def paid_by_the_customers_balance(desk: Desk) -> Life:
    desk.v1.customers.update(desk.customer, {"balance": -6_000})
    assert desk.open().amount_due == 0
    yield
    assert desk.paid().amount_due == 2 * (39_99 + 15_19) - 6_000
    yield


@case
def discount_in_per_cent_and_a_refund(desk: Desk) -> Life:
    coupon = desk.v1.coupons.create({"percent_off": 33.3, "duration": "forever"}).id
    invoice = desk.paid(discounts=[{"coupon": coupon}])
    yield
    desk.refund(invoice, 1_001)
    yield


@case
def discount_of_an_amount(desk: Desk) -> Life:
    coupon = desk.v1.coupons.create({"amount_off": 777, "currency": "eur", "duration": "forever"}).id
    desk.paid(discounts=[{"coupon": coupon}])
    yield


@case
def discount_of_everything(desk: Desk) -> Life:
    coupon = desk.v1.coupons.create({"percent_off": 100, "duration": "forever"}).id
    desk.open(discounts=[{"coupon": coupon}])
    yield


@case
def tax_on_top_and_a_refund(desk: Desk) -> Life:
    yield from _taxed(desk, inclusive=False)


@case
def tax_inside_and_a_refund(desk: Desk) -> Life:
    yield from _taxed(desk, inclusive=True)


def _taxed(desk: Desk, *, inclusive: bool) -> Life:
    rate = desk.v1.tax_rates.create({"display_name": "IVA", "percentage": 21, "inclusive": inclusive}).id
    invoice = desk.paid(of_lines={"tax_rates": [rate]})
    yield
    desk.refund(invoice, 1_111)
    desk.note_of_line(invoice, 400, credit_amount=400 if inclusive else 484)
    yield


@case
def credit_note_before_payment(desk: Desk) -> Life:
    invoice = desk.open()
    desk.note(invoice, amount=518)
    yield
    desk.pay(invoice)
    yield
    desk.refund(invoice, 1_000)
    yield


@case
def credit_note_before_payment_that_is_voided(desk: Desk) -> Life:
    invoice = desk.open()
    note = desk.note(invoice, amount=518)
    yield
    desk.v1.credit_notes.void_credit_note(note.id)
    desk.pay(invoice)
    yield


@case
def credit_notes_after_payment(desk: Desk) -> Life:
    invoice = desk.paid()
    desk.note(invoice, amount=700, credit_amount=700)
    yield
    desk.note(invoice, amount=300, out_of_band_amount=300)
    desk.note_of_line(invoice, 519, refund_amount=519)
    yield


@case
def credit_note_after_payment_that_is_voided(desk: Desk) -> Life:
    note = desk.note_of_line(desk.paid(), 519, credit_amount=519)
    yield
    desk.v1.credit_notes.void_credit_note(note.id)
    yield


@case
def refund_of_which_a_note_covers_a_part(desk: Desk) -> Life:
    invoice = desk.paid()
    refund = desk.refund(invoice, 1_500)
    yield
    desk.note_of_line(invoice, 600, refunds=[{"refund": refund.id, "amount_refunded": 600}])
    yield


@case
def refund_in_full(desk: Desk) -> Life:
    desk.refund(desk.paid())
    yield


@case
def refund_in_three_parts(desk: Desk) -> Life:
    invoice = desk.paid()
    for amount in (333, 1_000, 1):
        desk.refund(invoice, amount)
        yield


@case
def refund_that_fails(desk: Desk) -> Life:
    desk.use_card("pm_card_refundFail")
    invoice = desk.paid()
    desk.refund(invoice, 1_000)
    desk.refund(invoice, 777)
    yield
    yield


@case
def refund_of_a_note_that_fails(desk: Desk) -> Life:
    desk.use_card("pm_card_refundFail")
    desk.note_of_line(desk.paid(), 600, refund_amount=600)
    yield
    yield


@case
def dispute_that_is_won(desk: Desk) -> Life:
    dispute = desk.dispute(desk.paid())
    yield
    desk.decide(dispute, "won")
    yield


@case
def dispute_that_is_lost_and_given_back(desk: Desk) -> Life:
    dispute = desk.dispute(desk.paid())
    yield
    desk.decide(dispute, "lost")
    yield
    desk.decide(dispute, "reinstated")
    yield


@case
def dispute_of_a_part_after_a_refund(desk: Desk) -> Life:
    invoice = desk.paid()
    desk.refund(invoice, 900)
    yield
    desk.decide(desk.dispute(invoice, 2_000), "lost")
    yield


@case
def inquiry(desk: Desk) -> Life:
    dispute = desk.dispute(desk.paid(), warning=True)
    yield
    desk.v1.disputes.close(dispute)
    yield


@case
def several_instances_on_one_subscription(desk: Desk) -> Life:
    made = desk.subscribe("base")
    for price, quantity in (("users", 4), ("users", 1), ("disk", 9), ("disk", 2)):
        desk.use(made, price, quantity)
    yield


@case
def two_products(desk: Desk) -> Life:
    for price in ("base", "other"):
        desk.subscribe(price)
    yield


@case
def plan_that_is_changed_within_the_month(desk: Desk) -> Life:
    made = desk.subscribe("base")
    yield
    item = made["items"].data[0].id
    given = {"items": [{"id": item, "price": desk.prices["larger"]}], "proration_behavior": "create_prorations"}
    desk.v1.subscriptions.update(made.id, given)
    yield
