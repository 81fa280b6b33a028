"""Commission is earned on payment, per invoice line. Set-based, idempotent, by any number of workers at once: the
database's unique key decides, and what is found missing is written.

An earning is the settled share of the line's base at the rate in force on the invoice date, cumulative, less
what was earned on the line before (money.md, Commission). Settled is the total less what is still to be paid and
what a credit note took off before it was paid.
"""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import connection

from commissions.months import first_open
from commissions.services.reversing import look_again, reverse_due
from commissions.services.terms import ensure_terms
from ondemand.tenancy.context import as_worker

# A line that waits is locked, so that of two workers one looks at it and the other passes on. What a change of plan
# gives back takes the terms of the line that it credits: of the plan's, the one whose time it is taken from.
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
    CASE WHEN invoice.total > 0 THEN invoice.total - invoice.credited_before
      - CASE WHEN invoice.state = 'paid' THEN 0 ELSE invoice.remaining END ELSE 1 END AS paid,
    greatest(invoice.total, 1) AS due,
    (coalesce(credited.effective_at, invoice.effective_at) AT TIME ZONE %(zone)s)::date AS terms_day,
    (coalesce(invoice.paid_at, %(now)s) AT TIME ZONE %(zone)s)::date AS day
  FROM looked line
  JOIN customers_invoice invoice ON invoice.partner_id = line.partner_id AND invoice.id = line.invoice_id
  JOIN customers_assignment assignment
    ON assignment.partner_id = invoice.partner_id AND assignment.id = invoice.assignment_id
  LEFT JOIN LATERAL (
    SELECT before.effective_at FROM customers_invoiceline was
    JOIN customers_invoice before ON before.partner_id = was.partner_id AND before.id = was.invoice_id
    WHERE line.proration AND line.amount < 0 AND was.partner_id = line.partner_id
      AND was.customer_id = line.customer_id AND was.plan_id = line.plan_id AND was.meter = line.meter
      AND was.amount > 0 AND was.period_start <= line.period_start AND line.period_start < was.period_end
      AND before.subscription_stripe_id = invoice.subscription_stripe_id AND before.effective_at IS NOT NULL
    ORDER BY was.period_start DESC, was.id LIMIT 1
  ) credited ON true
  WHERE invoice.effective_at IS NOT NULL AND line.product_id IS NOT NULL
    AND (invoice.state = 'paid' OR invoice.paid > 0)
), earned AS (
  SELECT s.*, terms.id AS terms_id, terms.rate, terms.hold_days,
    app.divide(s.base::numeric * least(s.paid, s.due) * terms.rate, s.due::numeric * 10000)
      - coalesce((SELECT sum(c.amount) FROM commissions_commission c
                  WHERE c.partner_id = s.partner_id AND c.line_id = s.line_id AND c.kind = 'earning'), 0) AS amount
  FROM settled s
  JOIN commissions_commissionterms terms ON terms.partner_id = s.partner_id AND terms.product_id = s.product_id
    AND terms.starts <= s.terms_day AND (terms.ends IS NULL OR s.terms_day < terms.ends)
)
INSERT INTO commissions_commission (partner_id, customer_id, customer_name, kind, line_id, invoice_number, product_id,
  source_id, base, settled, due, rate, terms_id, currency, amount, date, month, payable_on, created_at)
SELECT partner_id, customer_id, name, 'earning', line_id, number, product_id,
  stripe_id || CASE WHEN paid < due THEN '@' || paid ELSE '' END, base, least(paid, due), due, rate, terms_id, currency,
  amount, day, greatest(date_trunc('month', day)::date, %(open_from)s), day + hold_days, %(now)s
FROM earned WHERE amount <> 0 ORDER BY line_id
ON CONFLICT DO NOTHING
RETURNING (SELECT line.invoice_id FROM customers_invoiceline line
  WHERE line.partner_id = commissions_commission.partner_id AND line.id = commissions_commission.line_id)"""


def accrue(*, now: datetime, limit: int = 20_000) -> int:
    """Write the rows that paid lines and what was given back of them lack. Returns how many were written."""
    with as_worker():
        ensure_terms(now=now)
    with as_worker(), connection.cursor() as cursor:
        open_from, zone = first_open(now), str(settings.ZONE_TIME_ZONE)
        values: dict[str, int | str | date] = {"limit": limit, "zone": zone, "now": now, "open_from": open_from}
        cursor.execute(EARNINGS, values)
        earned = [invoice_id for (invoice_id,) in cursor]
        look_again(earned)
    return len(earned) + reverse_due(now=now)
