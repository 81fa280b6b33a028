"""What of a partner's commissions is held: the share of an invoice's earnings that an open dispute may take back
(money.md, Commission: Disputes).

A row is paid whole or not at all, so the share is the smallest earnings of the invoice that cover it; those that are
in a payment already stay there, and are held no more. With an earning waits what was reversed and reinstated on its
line, for a reversal becomes payable no earlier than its earning.
"""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet, RowRange, Subquery, Sum, Window

from commissions.models import Commission
from customers.models import Dispute
from payments.models import PaymentLine

INVOICE = F("line__invoice_id")


def held() -> Q:
    return Q(line__in=_held_earnings().values("line_id"))


def _held_earnings() -> QuerySet[Commission]:
    open_ones = Dispute.objects.open().filter(
        partner_id=OuterRef("partner_id"), invoice_id=OuterRef("line__invoice_id")
    )
    disputed = open_ones.order_by().values("invoice_id").annotate(sum=Sum("amount")).values("sum")
    paying = PaymentLine.objects.filter(partner_id=OuterRef("partner_id"), commission=OuterRef("pk"), freed=False)
    earnings = Commission.objects.filter(
        Exists(open_ones), kind=Commission.Kind.EARNING, amount__gt=0, line__partner_id=F("partner_id")
    )
    chosen = earnings.annotate(
        up_to_here=Window(Sum("amount"), partition_by=[INVOICE], order_by=["amount", "pk"], frame=RowRange(end=0)),
        whole=Window(Sum("amount"), partition_by=[INVOICE]),
        disputed=Subquery(disputed),
        is_paying=Exists(paying),
        missing=F("whole") * F("disputed") - (F("up_to_here") - F("amount")) * F("line__invoice__total"),
    )
    return chosen.filter(missing__gt=0, is_paying=False).order_by()
