"""A dispute that is lost after the commission was paid: the partner keeps the payment, and owes the next."""

from __future__ import annotations

from datetime import timedelta

from commissions.models import Commission
from ondemand import clock
from ondemand.tenancy.context import as_worker
from payments.models import Payment
from payments.services.preparing import eligible
from tests.conftest import in_ci
from tests.path.walk import Walk
from tests.scenarios.books import earned, last_invoice, payment_of

pytestmark = in_ci


def known(walk: Walk) -> None:
    walk.take_events()
    walk.accrue()


def payable(walk: Walk, *, days: int = 60) -> int:
    with as_worker():
        return sum(row.amount for row in eligible(day=clock.business_day(walk.now + timedelta(days=days))))


def test_what_is_disputed_is_held_and_payable_again_when_it_is_won(month: Walk) -> None:
    invoice, before = last_invoice(), payable(month)
    dispute = month.dispute(payment_of(invoice))
    known(month)
    assert before - payable(month) == earned(invoice) > 0
    month.standin.control("disputes", {"dispute": dispute, "outcome": "won"})
    known(month)
    assert payable(month) == before


def test_lost_after_the_commission_was_paid_it_is_a_negative_row_of_the_next_payment(month: Walk) -> None:
    month.wait(days=61)
    known(month)
    month.send(month.approve_payment())
    with as_worker():
        paid = Payment.objects.get()
        row = Commission.objects.filter(payment_lines__payment=paid, kind=Commission.Kind.EARNING).latest("amount")
        invoice = row.line.invoice if row.line else last_invoice()
    whole, rest = earned(invoice), payable(month, days=0)
    dispute = month.dispute(payment_of(invoice))
    known(month)
    assert earned(invoice) == whole
    month.standin.v1.disputes.close(dispute)
    known(month)
    assert earned(invoice) == 0
    assert payable(month, days=0) == rest - whole
    with as_worker():
        assert Payment.objects.get().amount == paid.amount


def test_money_that_comes_back_after_all_is_reinstated(month: Walk) -> None:
    invoice = last_invoice()
    whole, dispute = earned(invoice), month.dispute(payment_of(invoice))
    month.standin.v1.disputes.close(dispute)
    known(month)
    assert earned(invoice) == 0
    month.standin.control("disputes", {"dispute": dispute, "outcome": "reinstated"})
    known(month)
    assert earned(invoice, Commission.Kind.REINSTATEMENT) == whole
    assert earned(invoice) == whole


def test_a_part_that_is_lost_takes_its_part(month: Walk) -> None:
    invoice = last_invoice()
    whole = earned(invoice)
    month.standin.v1.disputes.close(month.dispute(payment_of(invoice), invoice.total // 2))
    known(month)
    assert abs(earned(invoice) - whole / 2) <= 2


def test_an_inquiry_holds_and_takes_nothing(month: Walk) -> None:
    invoice, before = last_invoice(), payable(month)
    dispute = month.dispute(payment_of(invoice), warning=True)
    known(month)
    assert payable(month) == before
    month.standin.v1.disputes.close(dispute)
    known(month)
    assert earned(invoice, Commission.Kind.REVERSAL) == 0
