"""Payments and the tries to send them, as rows."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from ondemand.portal import values
from ondemand.portal.tables import (
    BadgeCell,
    DateCell,
    DateTimeCell,
    LinkCell,
    ListTable,
    MoneyCell,
    NumberCell,
    TextCell,
)
from payments.models import Payment, PaymentAttempt

TONES: Final = {
    Payment.State.APPROVED: "info",
    Payment.State.SENDING: "info",
    Payment.State.SENT: "info",
    Payment.State.PAID: "good",
    Payment.State.FAILED: "bad",
    Payment.State.RETURNED: "bad",
}
ATTEMPT_TONES: Final = {PaymentAttempt.State.SENT: "good", PaymentAttempt.State.FAILED: "bad"}


class MonthCell(TextCell):
    def draw(self, value: date, row: Any) -> str:
        return values.month(value)


class PaymentTable(ListTable):
    number = LinkCell(verbose_name=_("number"))
    amount = MoneyCell(verbose_name=_("amount"))
    state = BadgeCell(Payment.State.choices, TONES, verbose_name=_("state"))
    approved = DateCell(accessor="approved_at", verbose_name=_("approved on"))
    period = MonthCell(verbose_name=_("period"))
    sent = DateCell(accessor="sent_at", verbose_name=_("sent on"))
    reference = TextCell(verbose_name=_("provider's reference"))

    class Meta(ListTable.Meta):
        model = Payment
        fields = ()
        order_by = "-approved"
        sequence = ["number", "approved", "amount", "state", "period", "sent", "reference"]


class AttemptTable(ListTable):
    number = NumberCell(verbose_name=_("attempt"))
    state = BadgeCell(PaymentAttempt.State.choices, ATTEMPT_TONES, verbose_name=_("state"))
    started_at = DateTimeCell(verbose_name=_("begun"))
    finished_at = DateTimeCell(verbose_name=_("finished"))
    reference = TextCell(verbose_name=_("provider's reference"))
    error = TextCell(verbose_name=_("what went wrong"))

    class Meta(ListTable.Meta):
        model = PaymentAttempt
        fields = ()
        order_by = "number"
