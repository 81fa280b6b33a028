"""Attacks on what money is kept in, by the roles of the application and by the owner of the tables: all refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from ondemand import clock
from ondemand.tenancy.context import Scope, tenant
from ondemand.tenancy.owner import as_owner
from ondemand.tenancy.roles import Role
from payments.models import Payment
from tests import factories
from tests.conftest import database

ROLES = (Role.WORKER, Role.STAFF, Role.OWNER)
COMMISSION = """
INSERT INTO commissions_commission (partner_id, customer_id, customer_name, kind, line_id, invoice_number, product_id,
  source_id, base, settled, due, rate, terms_id, currency, amount, date, month, payable_on, created_at)
SELECT {partner}, customer_id, customer_name, {kind}, {line}, invoice_number, product_id, {source}, base, settled, due,
  rate, terms_id, currency, amount, date, month, payable_on, created_at FROM commissions_commission LIMIT 1"""
PAYMENT = """
INSERT INTO payments_payment (partner_id, number, key, state, currency, amount, period, created_at, next_try_at,
  reference, waiting) SELECT partner_id, 'X-1', gen_random_uuid(), {state}, currency, {amount}, period, created_at,
  next_try_at, '', '' FROM payments_payment WHERE state = 'paid'"""
LINE = """
INSERT INTO payments_paymentline (partner_id, payment_id, commission_id, currency, amount, freed)
SELECT line.partner_id, payment.id, line.commission_id, line.currency, {amount}, false
FROM payments_paymentline line JOIN payments_payment paid ON paid.id = line.payment_id AND paid.state = 'paid'
CROSS JOIN payments_payment payment WHERE payment.state = {state} LIMIT 1"""
TERMS = """
INSERT INTO commissions_commissionterms (partner_id, product_id, rate, hold_days, starts, ends, created_at, created_by)
SELECT partner_id, product_id, {rate}, 0, starts + {days}, NULL, created_at, 'x' FROM commissions_commissionterms"""

OLD_ENTRY = """
INSERT INTO ondemand_auditentry (at, actor, verb, target, detail, for_partner, for_customer, address)
VALUES (now() - interval '31 days', 'x', 'old', 'x', '{}', false, false, '192.0.2.7');"""


def forged(partner: str = "partner_id", kind: str = "'earning'", line: str = "line_id", source: str = "'in_x'") -> str:
    return COMMISSION.format(partner=partner, kind=kind, line=line, source=source)


ATTACKS = {
    "a commission is raised": "UPDATE commissions_commission SET amount = amount * 2",
    "a commission is moved to another month": "UPDATE commissions_commission SET month = month - 40",
    "a commission is given to another partner": "UPDATE commissions_commission SET partner_id = partner_id + 1",
    "commissions are deleted": "DELETE FROM commissions_commission",
    "commissions are truncated": "TRUNCATE commissions_commission CASCADE",
    "a commission is written twice": forged(source="source_id"),
    "a commission is forged for another partner": forged(partner="partner_id + 1"),
    "a commission is forged without a line": forged(line="NULL"),
    "a commission is forged on a line that is not": forged(line="999999"),
    "a rate is raised": "UPDATE commissions_commissionterms SET rate = 9000",
    "terms are deleted": "DELETE FROM commissions_commissionterms",
    "terms are truncated": "TRUNCATE commissions_commissionterms CASCADE",
    "terms overlap": TERMS.format(rate=5000, days=10),
    "terms give more than all": TERMS.format(rate=10_001, days=-4000),
    "a payment is raised": "UPDATE payments_payment SET amount = amount + 1",
    "a payment is deleted": "DELETE FROM payments_payment",
    "payments are truncated": "TRUNCATE payments_payment CASCADE",
    "a payment begins approved": PAYMENT.format(state="'approved'", amount="amount"),
    "a payment begins as nothing's sum": PAYMENT.format(state="'draft'", amount="amount"),
    "a payment of less than nothing": PAYMENT.format(state="'draft'", amount="-amount"),
    "a proposed payment is paid": "UPDATE payments_payment SET state = 'paid' WHERE state = 'proposed'",
    "a proposed payment is sent": "UPDATE payments_payment SET state = 'sending' WHERE state = 'proposed'",
    "who proposed approves": (
        "UPDATE payments_payment SET state = 'approved', approved_by_id = proposed_by_id, approved_at = now(),"
        " destination_id = (SELECT max(id) FROM partners_bankaccount) WHERE state = 'proposed'"
    ),
    "nobody approves": "UPDATE payments_payment SET state = 'approved' WHERE state = 'proposed'",
    "a paid payment is cancelled": "UPDATE payments_payment SET state = 'cancelled' WHERE state = 'paid'",
    "a paid payment goes elsewhere": "UPDATE payments_payment SET destination_id = NULL WHERE state = 'paid'",
    "who approved is changed": "UPDATE payments_payment SET approved_by_id = NULL WHERE state = 'paid'",
    "a payment's line is raised": "UPDATE payments_paymentline SET amount = amount + 1",
    "a payment's line is deleted": "DELETE FROM payments_paymentline",
    "payments' lines are truncated": "TRUNCATE payments_paymentline CASCADE",
    "a paid commission is freed": "UPDATE payments_paymentline SET freed = true",
    "a commission is paid twice": (
        PAYMENT.format(state="'draft'", amount="amount") + ";" + LINE.format(amount="line.amount", state="'draft'")
    ),
    "a proposed payment gets a line": LINE.format(amount="line.amount", state="'proposed'"),
    "a paid payment gets a line": LINE.format(amount="line.amount", state="'paid'"),
    "an attempt is made twice": (
        "INSERT INTO payments_paymentattempt (partner_id, payment_id, number, key, state, started_at, reference, error)"
        " SELECT partner_id, id, n, 'k' || n, 'sending', now(), '', '' FROM payments_payment, generate_series(1, 2) n"
        " WHERE state = 'paid'"
    ),
    "the trail is rewritten": "UPDATE ondemand_auditentry SET actor = 'nobody'",
    "the trail is deleted": "DELETE FROM ondemand_auditentry",
    "the trail is truncated": "TRUNCATE ondemand_auditentry",
    "an address is forgotten too soon": "UPDATE ondemand_auditentry SET address = NULL",
    "an old address is changed": OLD_ENTRY + "UPDATE ondemand_auditentry SET address = '192.0.2.1' WHERE verb = 'old'",
    "more than the address is forgotten": (
        OLD_ENTRY + "UPDATE ondemand_auditentry SET address = NULL, target = '' WHERE verb = 'old'"
    ),
}


@pytest.fixture(scope="module")
def books(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Iberia's payment is paid, nordic's is proposed."""
    with django_db_blocker.unblock(), database("ledger"):
        cast = factories.make_cast(now=clock.now())
        for house, state in ((cast.iberia, Payment.State.PAID), (cast.nordic, Payment.State.PROPOSED)):
            customer = factories.make_customer(house=house, plan=cast.plan, now=cast.now)
            factories.make_bank_account(house=house, now=cast.now)
            factories.make_earnings(customer=customer, at=cast.now - timedelta(days=40), amounts=(40_000, 10_000))
            factories.make_payment(house=house, cast=cast, state=state)
        yield


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("attack", ATTACKS)
def test_it_is_refused_that(books: None, attack: str, role: Role) -> None:
    way_in, scope = (as_owner(), transaction.atomic()) if role == Role.OWNER else (nullcontext(), tenant(Scope(role)))
    with way_in, pytest.raises(DatabaseError) as refused, scope, connection.cursor() as cursor:
        cursor.execute(ATTACKS[attack])
    assert isinstance(refused.value, IntegrityError) or "permission denied" in str(refused.value)


def test_there_is_something_to_attack(books: None) -> None:
    tables = ("commissions_commission", "commissions_commissionterms", "payments_paymentline", "ondemand_auditentry")
    with as_owner(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() != (0,), table
        cursor.execute("SELECT array_agg(state ORDER BY state) FROM payments_payment")
        assert cursor.fetchone() == (["paid", "proposed"],)


@pytest.mark.parametrize("role", [Role.WORKER, Role.OWNER])
def test_an_address_of_thirty_days_ago_is_forgotten_and_nothing_else(books: None, role: Role) -> None:
    way_in, scope = (as_owner(), transaction.atomic()) if role == Role.OWNER else (nullcontext(), tenant(Scope(role)))
    with way_in, scope, connection.cursor() as cursor:
        cursor.execute(OLD_ENTRY + "UPDATE ondemand_auditentry SET address = NULL WHERE verb = 'old'")
        assert cursor.rowcount == 1
        transaction.set_rollback(True)
