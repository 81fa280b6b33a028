"""Partners and all that is theirs, in any number: made by SQL over whole sets, by the seed alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

SEED = 20
FIRST = ("Aceites", "Atelier", "Bodegas", "Casa", "Ferretería", "Hansekontor", "Librería", "Officine", "Talleres")
SECOND = ("Amparo", "Bellavista", "Cantábrica", "Etxeberria", "Fonseca", "Levante", "Lindholm", "Minho", "Saimaa")
FORMS = ("S.L.", "S.A.", "Lda.", "GmbH", "Oy", "SAS", "AB")


@dataclass(frozen=True)
class Size:
    """`customers` of each partner, the first one's first; each has an instance and so many months' paid invoices.

    Of an invoice the first line is the base price, the others are usage: at most four.
    """

    customers: tuple[int, ...] = (475, *[100] * 120)
    months: int = 6
    lines: int = 2


def email_of(partner: int) -> str:
    """The owner's, of the partner of that number; partners count from one."""
    return f"owner@partner-{partner}.example"


def fill(cursor: Any, size: Size, *, password: str, now: datetime, seed: int = SEED) -> None:
    """Into an empty, migrated database, past the walls: as superuser. `password` is the hash of everyone's."""
    given = {
        "customers": list(size.customers),
        "months": size.months,
        "lines": size.lines,
        "password": password,
        "now": now,
        "seed": seed,
        "first": list(FIRST),
        "second": list(SECOND),
        "forms": list(FORMS),
    }
    for statement in (PICK, *STATEMENTS):
        cursor.execute(statement, given)
    for statement in counters(cursor):
        cursor.execute(statement)


def counters(cursor: Any) -> list[str]:
    """Rows came with ids of their own: what numbers the next ones goes on after the last."""
    cursor.execute(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'id' AND is_identity = 'YES'"
    )
    return [
        f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM \"{name}\" HAVING max(id) IS NOT NULL"
        for (name,) in cursor.fetchall()
    ]


# A number from 0 up to and without `most`, for a row and a purpose.
PICK = """
CREATE FUNCTION pg_temp.pick(number bigint, purpose bigint, most int) RETURNS int LANGUAGE sql IMMUTABLE
RETURN abs(hashint8extended(number, purpose + %(seed)s) %% most)::int"""
STATEMENTS = (
    """
INSERT INTO partners_product (id, code, name, description, retail, active, created_at, stripe_id)
SELECT id, code, upper(code), '', id = 2, true, %(now)s - interval '3 years', ''
FROM unnest(ARRAY['obps', 'retail']) WITH ORDINALITY AS product(code, id)""",
    """
INSERT INTO partners_plan (id, product_id, code, name, currency, base, per_user, per_terminal, per_gb, included_users,
  included_terminals, included_gb, active, position, stripe_base_price, stripe_user_price, stripe_terminal_price,
  stripe_gb_price)
SELECT id, id, 'starter', 'Starter', 'EUR', 4900, 1200, 900, 50, 2, 0, 10, true, 0, '', '', '', ''
FROM partners_product""",
    """
INSERT INTO partners_partner (id, code, name, country, state, support_email, support_phone, created_at, peer_state,
  peer_tries, peer_error)
SELECT id, 'partner-' || id, 'Partner ' || id, 'ES', 'active', 'help@partner-' || id || '.example', '',
  %(now)s - interval '3 years', 'none', 0, ''
FROM generate_series(1, cardinality(%(customers)s::int[])) id""",
    """
INSERT INTO ondemand_user (id, password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email,
  username, language, session_round)
SELECT id, %(password)s, false, 'Olga', 'Owner', false, true, created_at, 'owner@' || code || '.example',
  'owner-' || id, 'en', 0
FROM partners_partner""",
    """
INSERT INTO account_emailaddress (id, email, verified, "primary", user_id)
SELECT id, email, true, true, id FROM ondemand_user""",
    """
INSERT INTO partners_member (id, role, active, user_id, partner_id)
SELECT id, 'owner', true, id, id FROM partners_partner""",
    """
INSERT INTO partners_campaign (id, partner_id, product_id, slug, active, allowed_origins, created_at)
SELECT 2 * partner.id + product.id - 2, partner.id, product.id, partner.code || '-' || product.code, true, '{}',
  partner.created_at
FROM partners_partner partner, partners_product product""",
    """
INSERT INTO commissions_commissionterms (id, partner_id, product_id, rate, hold_days, starts, ends, created_at,
  created_by)
SELECT id, partner_id, product_id, 2000, 30, created_at::date, NULL, created_at, 'standard' FROM partners_campaign""",
    # A partner's customers lie scattered among all others', as they do where they come one by one.
    """
INSERT INTO customers_customer (id, partner_id, name, contact_name, contact_email, country, vat_number, acquired_at,
  plan_id, state, currency, invoiced, paid, refunded, credited, balance, instances, stripe_id, support_allowed)
SELECT id, partner_id,
  concat_ws(' ', (%(first)s::text[])[1 + pg_temp.pick(id, 1, cardinality(%(first)s::text[]))],
    (%(second)s::text[])[1 + pg_temp.pick(id, 2, cardinality(%(second)s::text[]))],
    (%(forms)s::text[])[1 + pg_temp.pick(id, 3, cardinality(%(forms)s::text[]))]),
  'Contact ' || id, 'contact@customer-' || id || '.example', 'ES', '',
  %(now)s - interval '2 years' * (1 - id::float / count(*) OVER ()), 1 + pg_temp.pick(id, 4, 2),
  CASE WHEN pg_temp.pick(id, 5, 20) = 0 THEN 'past_due' ELSE 'paid' END, 'EUR',
  %(months)s * total, %(months)s * total, 0, 0, 0, 1, 'cus_' || id, true
FROM (SELECT id, partner_id, 4900 + (%(lines)s - 1) * 1200 * (1 + pg_temp.pick(id, 6, 9)) AS total
  FROM (SELECT partner_id,
      row_number() OVER (ORDER BY pg_temp.pick(partner_id * 1000000 + place, 7, 2147483647), partner_id, place) AS id
    FROM unnest(%(customers)s::int[]) WITH ORDINALITY AS partner(many, partner_id), generate_series(1, many) place
  ) numbered) customer""",
    """
INSERT INTO customers_assignment (id, partner_id, customer_id, name, since)
SELECT id, partner_id, id, name, acquired_at FROM customers_customer""",
    """
INSERT INTO customers_subscription (id, partner_id, customer_id, product_id, plan_id, stripe_id, state, started_at,
  anchor, period_start, period_end, grace_days, exempt_reason, card_brand, card_last4)
SELECT id, partner_id, id, plan_id, plan_id, 'sub_' || id, CASE state WHEN 'paid' THEN 'active' ELSE state END,
  acquired_at, %(now)s - interval '10 days', %(now)s - interval '10 days', %(now)s + interval '20 days', 14, '', '', ''
FROM customers_customer""",
    """
INSERT INTO instances_instance (id, partner_id, customer_id, subscription_id, product_id, plan_id, public_id, name,
  address, state, created_at, boot_started_at, answered_at, running_at, last_heartbeat_at, version, steps, error, tries,
  next_try_at, activation_key, heartbeat_key, users, terminals, disk_mb)
SELECT id, partner_id, id, id, plan_id, plan_id, md5('instance ' || id)::uuid, 'shop-' || id,
  'http://shop-' || id || '.localhost:9000', 'running', acquired_at, acquired_at, acquired_at + interval '4 minutes',
  acquired_at + interval '5 minutes', %(now)s, '26.4', '[]', '', 0, acquired_at, 'key-' || id, 'key-' || id,
  3 + pg_temp.pick(id, 6, 9), 0, 10000
FROM customers_customer""",
    # This month's cycle and the one before it.
    """
INSERT INTO instances_usagecycle (id, partner_id, customer_id, assignment_id, instance_id, subscription_stripe_id,
  meter, plan_id, starts, ends, included, unit_amount, currency, peak, billable, pushed, settled, item_id, push_key,
  push_quantity, pushes, tries, next_try_at, error)
SELECT 2 * id - ago, partner_id, id, id, id, 'sub_' || id, 'users', plan_id,
  %(now)s - interval '10 days' - ago * interval '1 month', %(now)s + interval '20 days' - ago * interval '30 days',
  2, 1200, 'EUR', 3 + pg_temp.pick(id, 6, 9), 1 + pg_temp.pick(id, 6, 9), 1 + pg_temp.pick(id, 6, 9), 0, '', '',
  0, 0, 0, %(now)s, ''
FROM customers_customer, generate_series(0, 1) ago""",
    # Month by month, all customers', as they come.
    """
INSERT INTO customers_invoice (id, partner_id, customer_id, assignment_id, stripe_id, subscription_stripe_id, number,
  state, currency, subtotal, tax, total, due, paid, remaining, paid_outside, credited_before, created_at,
  effective_at, paid_at, attempts, needs_action, confirm_asked, finalization_error, page_url, pdf_url)
SELECT id, partner_id, customer_id, customer_id, 'in_' || id, 'sub_' || customer_id, 'F-' || id, 'paid', 'EUR',
  total, 0, total, total, total, 0, 0, 0, at, at, at + interval '1 hour', 1, false, 0, '', '', ''
FROM (SELECT (month - 1) * count(*) OVER (PARTITION BY month) + id AS id, partner_id, id AS customer_id,
    invoiced / %(months)s AS total, %(now)s - (%(months)s - month) * interval '1 month' - interval '10 days' AS at
  FROM customers_customer, generate_series(1, %(months)s) month) invoice""",
    """
INSERT INTO customers_invoiceline (id, partner_id, customer_id, invoice_id, stripe_id, position, product_id, plan_id,
  meter, description, quantity, currency, amount, discount, credit, inclusive_tax, exclusive_tax, period_start,
  period_end, proration, to_accrue)
SELECT (invoice.id - 1) * %(lines)s + line, invoice.partner_id, customer_id, invoice.id,
  'il_' || invoice.id || '_' || line, line - 1, plan_id, plan_id,
  (ARRAY['base', 'users', 'terminals', 'disk'])[line], 'Starter',
  CASE line WHEN 1 THEN 1 ELSE (total - 4900) / (%(lines)s - 1) / 1200 END, invoice.currency,
  CASE line WHEN 1 THEN 4900 ELSE (total - 4900) / (%(lines)s - 1) END, 0, 0, 0, 0,
  invoice.created_at - interval '1 month', invoice.created_at, false, false
FROM customers_invoice invoice JOIN customers_customer customer ON customer.id = customer_id,
  generate_series(1, %(lines)s) line""",
    """
INSERT INTO commissions_commission (id, partner_id, customer_id, customer_name, kind, line_id, invoice_number,
  product_id, source_id, base, settled, due, rate, terms_id, currency, amount, date, month, payable_on, created_at)
SELECT line.id, line.partner_id, line.customer_id, assignment.name, 'earning', line.id, invoice.number, line.product_id,
  invoice.stripe_id, line.amount, invoice.paid, invoice.due, terms.rate, terms.id, line.currency,
  app.divide(line.amount * terms.rate, 10000), paid_at::date, date_trunc('month', paid_at)::date,
  paid_at::date + terms.hold_days, paid_at
FROM customers_invoiceline line
JOIN customers_invoice invoice ON invoice.id = line.invoice_id
JOIN customers_assignment assignment ON assignment.id = invoice.assignment_id
JOIN commissions_commissionterms terms ON terms.partner_id = line.partner_id AND terms.product_id = line.product_id""",
)
