"""Commission is earned on payment, per invoice line, and reversed by refunds. Set-based, idempotent, by any number
of workers at once: the database's unique key decides, and what is found missing is written.

An earning is the settled share of the line's base at the rate in force on the invoice date, cumulative, less
what was earned on the line before (money.md, Commission).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from commissions.models import Commission
from commissions.services.terms import ensure_terms
from customers.models import Refund
from ondemand import clock
from ondemand.money import divide, split
from ondemand.tenancy.context import as_worker

# A line that waits is locked, so that of two workers one looks at it and the other passes on.
EARNINGS = """
WITH waiting AS (
  SELECT line.id FROM customers_invoiceline line WHERE line.to_accrue ORDER BY line.id LIMIT %(limit)s
  FOR UPDATE SKIP LOCKED
), looked AS (
  UPDATE customers_invoiceline line SET to_accrue = false FROM waiting WHERE line.id = waiting.id
  RETURNING line.*
), settled AS (
  SELECT line.id AS line_id, line.partner_id, line.customer_id, line.product_id, line.currency,
    line.amount - line.discount - line.credit - line.inclusive_tax AS base,
    invoice.stripe_id, invoice.number, assignment.name,
    CASE WHEN invoice.state = 'paid' THEN greatest(invoice.due, 1) ELSE invoice.paid END AS paid,
    greatest(invoice.due, 1) AS due,
    (invoice.effective_at AT TIME ZONE %(zone)s)::date AS invoice_day,
    (coalesce(invoice.paid_at, %(now)s) AT TIME ZONE %(zone)s)::date AS day
  FROM looked line
  JOIN customers_invoice invoice ON invoice.partner_id = line.partner_id AND invoice.id = line.invoice_id
  JOIN customers_assignment assignment
    ON assignment.partner_id = invoice.partner_id AND assignment.id = invoice.assignment_id
  WHERE invoice.effective_at IS NOT NULL AND line.product_id IS NOT NULL
    AND (invoice.state = 'paid' OR invoice.paid > 0)
), earned AS (
  SELECT s.*, terms.id AS terms_id, terms.rate, terms.hold_days,
    app.divide(s.base::numeric * least(s.paid, s.due) * terms.rate, s.due::numeric * 10000)
      - coalesce((SELECT sum(c.amount) FROM commissions_commission c
                  WHERE c.partner_id = s.partner_id AND c.line_id = s.line_id AND c.kind = 'earning'), 0) AS amount
  FROM settled s
  JOIN commissions_commissionterms terms ON terms.partner_id = s.partner_id AND terms.product_id = s.product_id
    AND terms.starts <= s.invoice_day AND (terms.ends IS NULL OR s.invoice_day < terms.ends)
)
INSERT INTO commissions_commission (partner_id, customer_id, customer_name, kind, line_id, invoice_number, product_id,
  source_id, base, settled, due, rate, terms_id, currency, amount, date, month, payable_on, created_at)
SELECT partner_id, customer_id, name, 'earning', line_id, number, product_id,
  stripe_id || CASE WHEN paid < due THEN '@' || paid ELSE '' END, base, least(paid, due), due, rate, terms_id, currency,
  amount, day, date_trunc('month', day)::date, day + hold_days, %(now)s
FROM earned WHERE amount <> 0 ORDER BY line_id
ON CONFLICT DO NOTHING"""


def accrue(*, now: datetime, limit: int = 20_000) -> int:
    """Write the rows that paid lines and refunds lack. Returns how many were written."""
    with as_worker():
        ensure_terms(now=now)
    with as_worker(), connection.cursor() as cursor:
        cursor.execute(EARNINGS, {"limit": limit, "zone": settings.ZONE_TIME_ZONE, "now": now})
        earned = int(cursor.rowcount)
    return earned + reverse_refunds(now=now)


def reverse_refunds(*, now: datetime, limit: int = 500) -> int:
    with as_worker():
        waiting = Refund.objects.filter(to_accrue=True).order_by("created_at", "id")[:limit]
        invoices = list(dict.fromkeys(waiting.values_list("invoice_id", flat=True)))
    return sum(_reverse_invoice(invoice_id, now) for invoice_id in invoices)


def _reverse_invoice(invoice_id: int, now: datetime) -> int:
    """Every refund of the invoice in its order, so that parts are exact: cumulative, less what was reversed."""
    with as_worker():
        of_invoice = Refund.objects.select_for_update(of=("self",)).filter(invoice_id=invoice_id)
        refunds = list(of_invoice.order_by("created_at", "id"))
        if any(line.to_accrue for line in refunds[0].invoice.lines.all()):
            return 0  # what was earned is not written yet; the mark stays
        written = sum(_reverse(refunds[: n + 1], now) for n in range(len(refunds)))
        Refund.objects.filter(pk__in=[refund.pk for refund in refunds]).update(to_accrue=False)
        return written


def _reverse(refunds: list[Refund], now: datetime) -> int:
    """The rows of the last of `refunds`: what all of them take from each line, less what the earlier ones took.

    A refund that names no line is spread over the positive lines by their gross, by largest remainder.
    """
    last = refunds[-1]
    if last.state != Refund.State.SUCCEEDED or _is_reversed(last):
        return 0
    lines = [line for line in last.invoice.lines.all() if line.gross > 0]
    returned = sum(refund.amount for refund in refunds if refund.state == Refund.State.SUCCEEDED)
    gross = sum(line.gross for line in lines)
    shares = split(min(returned, gross), [line.gross for line in lines])
    earned = _sums(last, [Commission.Kind.EARNING])
    before = _sums(last, [Commission.Kind.REVERSAL, Commission.Kind.REINSTATEMENT])
    rows = [
        _reversal(last, line.pk, line.gross, share, -divide(earned[line.pk] * share, line.gross) - before[line.pk], now)
        for line, share in zip(lines, shares, strict=True)
        if earned[line.pk]
    ]
    return len(Commission.objects.bulk_create([row for row in rows if row.amount], ignore_conflicts=True))


def _is_reversed(refund: Refund) -> bool:
    rows = Commission.objects.filter(partner_id=refund.partner_id, line__invoice_id=refund.invoice_id)
    return rows.filter(kind=Commission.Kind.REVERSAL, source_id=refund.stripe_id).exists()


def _sums(refund: Refund, kinds: list[Commission.Kind]) -> dict[int, int]:
    rows = Commission.objects.filter(partner_id=refund.partner_id, line__invoice_id=refund.invoice_id, kind__in=kinds)
    sums = rows.order_by().values_list("line_id").annotate(sum=Sum("amount"))
    return defaultdict(int, {line_id: total for line_id, total in sums if line_id is not None})


def _reversal(refund: Refund, line_id: int, gross: int, share: int, amount: int, now: datetime) -> Commission:
    """`settled` of `due` is here what was given back of the line's gross. Payable no earlier than its earning."""
    earning = Commission.objects.filter(line_id=line_id, kind=Commission.Kind.EARNING).latest("id")
    day = clock.business_day(refund.created_at)
    return Commission(
        partner_id=refund.partner_id,
        customer_id=refund.customer_id,
        customer_name=earning.customer_name,
        kind=Commission.Kind.REVERSAL,
        line_id=line_id,
        invoice_number=earning.invoice_number,
        product_id=earning.product_id,
        source_id=refund.stripe_id,
        base=earning.base,
        settled=share,
        due=gross,
        rate=earning.rate,
        terms_id=earning.terms_id,
        currency=earning.currency,
        amount=amount,
        date=day,
        month=clock.month_start(day),
        payable_on=max(earning.payable_on, day),
        created_at=now,
    )
