"""An open dispute holds its share of what the invoice earned, and nothing that does not hang on it."""

from __future__ import annotations

import pytest

from commissions.models import Commission
from ondemand.clock import business_day
from ondemand.tenancy.context import as_worker
from payments.models import Payment, PaymentLine
from payments.services.preparing import eligible
from payments.states import State, in_state, with_state
from tests.commissions.ledger import BEGAN, Ledger, day, ledger

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(db: None) -> Ledger:
    """Earned: 12.00 and 8.00."""
    made = ledger()
    made.rows()
    return made


def held(books: Ledger) -> list[int]:
    """Their amounts, the same by every way that asks."""
    books.rows()
    late = day(12, 31)
    with as_worker():
        free = {row.pk for row in eligible(day=late)}
        listed = list(in_state(Commission.objects.order_by("pk"), State.HELD, late))
        shown = [row for row in with_state(Commission.objects.order_by("pk"), late) if row.state == State.HELD]
        in_payment = set(PaymentLine.objects.filter(freed=False).values_list("commission_id", flat=True))
    assert [row.pk for row in shown] == [row.pk for row in listed]
    assert {row.pk for row in books.diary()} - free - in_payment == {row.pk for row in listed}
    return [row.amount for row in listed]


@pytest.mark.parametrize(
    ("disputed", "amounts"), [(10_000, [1_200, 800]), (4_001, [1_200, 800]), (4_000, [800]), (1, [800])]
)
def test_the_share_is_covered_by_the_smallest_earnings(paid: Ledger, disputed: int, amounts: list[int]) -> None:
    paid.dispute(disputed, "needs_response", withdrawn=disputed)
    assert held(paid) == amounts


def test_a_reversal_waits_with_its_earning_and_no_other(paid: Ledger) -> None:
    paid.refund(1_000)
    paid.dispute(4_000, "under_review", withdrawn=4_000)
    assert held(paid) == [800, -80]


def test_a_reversal_whose_earning_was_paid_is_not_held(paid: Ledger) -> None:
    pay(paid)
    paid.refund(1_000)
    paid.dispute(10_000, "needs_response", withdrawn=10_000)
    assert held(paid) == []


@pytest.mark.parametrize("state", ["warning_needs_response", "warning_closed", "won", "lost", "prevented"])
def test_an_inquiry_holds_nothing_nor_does_what_is_decided(paid: Ledger, state: str) -> None:
    paid.dispute(10_000, state, withdrawn=0, closed=BEGAN)
    assert held(paid) == []


def pay(books: Ledger) -> None:
    """All that there is, in a payment."""
    rows, whole = books.diary(), books.earned()
    with as_worker():
        payment = Payment.objects.create(
            partner_id=rows[0].partner_id,
            number="IBERIA-1",
            currency="EUR",
            amount=whole,
            period=rows[0].month,
            created_at=books.now,
            next_try_at=books.now,
        )
        PaymentLine.objects.bulk_create(
            PaymentLine(partner_id=row.partner_id, payment=payment, commission=row, currency="EUR", amount=row.amount)
            for row in rows
        )
        assert not eligible(day=business_day(books.now)).exists()
