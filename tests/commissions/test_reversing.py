"""What was given back takes back its share of what was earned: to the cent, by difference, never twice."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.commissions.ledger import BEGAN, Ledger, Rows, ledger

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(db: None) -> Ledger:
    """Earned: 12.00 and 8.00."""
    made = ledger()
    assert made.rows() == [("earning", "in", 1_200), ("earning", "in", 800)]
    return made


def reversal(source: str, *amounts: int) -> Rows:
    return [("reversal", source, amount) for amount in amounts]


def reinstatement(source: str, *amounts: int) -> Rows:
    return [("reinstatement", source, amount) for amount in amounts]


def test_what_is_paid_after_a_refund_takes_its_part_back_at_once(db: None) -> None:
    books = ledger(paid=4_000)
    assert books.rows() == [("earning", "in@4000", 480), ("earning", "in@4000", 320)]
    books.refund(1_000)
    assert books.rows() == reversal("re_1", -48, -32)
    books.on(3, 20).paid(10_000)
    assert books.rows() == [
        ("earning", "in", 720),
        ("earning", "in", 480),
        *reversal("in", -72, -48),
    ]
    assert books.last() == (date(2026, 3, 20), date(2026, 3, 1), date(2026, 4, 19))
    assert books.earned() == 2_000 * 9_000 // 10_000


def test_parts_that_are_paid_one_after_another_come_to_what_one_payment_would(db: None) -> None:
    books = ledger(paid=3_333)
    books.rows()
    books.refund(777)
    books.rows()
    for amount in (3_334, 7_001, 9_999, 10_000):
        books.paid(amount)
        books.rows()
    assert books.earned() == 2_000 - round(2_000 * 777 / 10_000)
    assert books.rows() == []


def test_money_given_back_after_the_dispute_was_lost_is_reinstated_in_its_part(paid: Ledger) -> None:
    paid.dispute(10_000, "lost", withdrawn=10_000, closed=BEGAN)
    assert paid.rows() == reversal("du_1", -1_200, -800)
    paid.dispute(10_000, "lost", withdrawn=6_000, closed=BEGAN)
    assert paid.rows() == reinstatement("du_1#2", 480, 320)
    paid.dispute(10_000, "lost", withdrawn=0, closed=BEGAN)
    assert paid.rows() == reinstatement("du_1#3", 720, 480)


def test_a_dispute_that_goes_to_and_fro_is_followed_each_time(paid: Ledger) -> None:
    for withdrawn in (5_000, 2_500, 5_000, 2_500, 5_000):
        paid.dispute(10_000, "lost", withdrawn=withdrawn, closed=BEGAN)
        paid.rows()
        assert paid.earned() == 2_000 * (10_000 - withdrawn) // 10_000


def test_a_note_takes_what_it_covers_of_a_refund_and_the_refund_takes_the_rest(paid: Ledger) -> None:
    paid.note(600, of_line=600, refunds={"re_1": 600})
    paid.refund(1_600)
    assert paid.rows() == [*reversal("cn_1", -120), *reversal("re_1", -115, -85)]
    assert paid.earned() == 2_000 - 1_600 * 2_000 // 10_000


def test_a_refund_that_belongs_to_a_note_and_fails_is_reinstated(paid: Ledger) -> None:
    paid.refund(600)
    paid.note(600, of_line=600, refunds={"re_1": 600})
    assert paid.rows() == reversal("cn_1", -120)
    paid.on(3, 25).refund(600, "failed")
    assert paid.rows() == reinstatement("cn_1#2", 120)
    assert paid.last()[0] == date(2026, 3, 25)


def test_a_note_that_comes_after_its_refund_moves_it_to_its_lines(paid: Ledger) -> None:
    paid.refund(600)
    assert paid.rows() == reversal("re_1", -72, -48)
    paid.note(600, of_line=600, refunds={"re_1": 600})
    assert paid.rows() == [*reinstatement("re_1#2", 72, 48), *reversal("cn_1", -120)]


def test_a_lost_dispute_is_booked_on_the_day_it_was_lost(paid: Ledger) -> None:
    paid.dispute(10_000, "needs_response", withdrawn=10_000)
    assert paid.rows() == []
    paid.on(5, 20).dispute(10_000, "lost", withdrawn=10_000, closed=datetime(2026, 5, 19, 12, tzinfo=UTC))
    paid.rows()
    assert paid.last() == (date(2026, 5, 19), date(2026, 5, 1), date(2026, 5, 19))


@pytest.mark.parametrize(
    ("written", "booked"), [((4, 2), date(2026, 3, 1)), ((4, 3), date(2026, 4, 1)), ((6, 1), date(2026, 5, 1))]
)
def test_what_comes_late_is_booked_in_the_first_month_that_is_open(
    paid: Ledger, written: tuple[int, int], booked: date
) -> None:
    paid.on(3, 28).refund(1_000)
    paid.on(*written).rows()
    assert paid.last()[:2] == (date(2026, 3, 28), booked)


def test_many_causes_never_take_more_than_was_earned(paid: Ledger) -> None:
    paid.refund(6_000)
    paid.refund(4_000, id="re_2")
    paid.dispute(10_000, "lost", withdrawn=10_000, closed=BEGAN)
    paid.rows()
    assert paid.earned() == 0
