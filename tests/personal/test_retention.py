"""What is kept for a purpose is forgotten after it, and not before."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection

from customers import support
from customers.models import LoginToken, PersonInvitation
from ondemand import clock, retention
from ondemand.models import AuditEntry, Mail, StripeEvent
from ondemand.retention import RULES, Rule
from ondemand.servers import ROOT
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners.models import Invitation
from signup.models import SignUp
from tests import factories
from tests.factories import Cast

pytestmark = pytest.mark.django_db
DOCUMENT = ROOT / "docs" / "personal-data.md"
TRIGGERS = """
SELECT tgrelid::regclass::text, encode(tgargs, 'escape') FROM pg_trigger WHERE tgname = 'keep_for'"""


@pytest.fixture
def cast() -> Cast:
    return factories.make_cast(now=clock.now())


def event(at: datetime, **values: Any) -> StripeEvent:
    made = {"type": "x", "object_kind": "x", "object_id": "x", "created": at, "next_try_at": at, "payload": {}}
    return StripeEvent.objects.create(id=f"evt_{at.timestamp()}", received_at=at, state="done", **made | values)


def mail(at: datetime, state: str = Mail.State.SENT) -> Mail:
    addressed = {"recipient": "a@b.example", "reply_to": "c@d.example", "subject": "Hello"}
    made = {"key": f"mail-{at.timestamp()}", "text": "text", "html": "<p>", "error": "no", "state": state}
    return Mail.objects.create(created_at=at, next_try_at=at, **addressed, **made)


def token(cast: Cast, at: datetime) -> LoginToken:
    customer = factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now)
    with as_worker():
        support.issue(customer.pk, by=cast.iberia.owner, partner_id=customer.partner_id, reason="Till", now=at)
        return LoginToken.objects.get(created_at=at)


def invitation(kind: Any, cast: Cast, at: datetime) -> Any:
    keys: dict[str, Any] = {"partner_id": cast.iberia.partner.pk}
    if kind is PersonInvitation:
        keys["customer"] = factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now)
    with as_worker():
        return kind.objects.create(
            email=f"{at.timestamp()}@b.example", role="owner", created_at=at, expires_at=at, **keys
        )


def signup(cast: Cast, at: datetime, state: str) -> SignUp:
    made = factories.make_signup(house=cast.iberia, plan=cast.plan, now=at)
    with as_worker():
        SignUp.objects.filter(pk=made.pk).update(network="203.0.113.0/24", state=state)
    return made


def within(make: Callable[[datetime], Any]) -> Callable[[Cast, datetime], Any]:
    def made(cast: Cast, at: datetime) -> Any:
        with as_worker():
            return make(at)

    return made


def entry(at: datetime) -> AuditEntry:
    return AuditEntry.objects.create(at=at, verb="account.signed_in", actor="x", address="192.0.2.7")


def session(cast: Cast, at: datetime) -> Session:
    with tenant(Scope(RULES[-1].role)):
        return Session.objects.create(session_key=f"k{at.timestamp()}", session_data="x", expire_date=at)


def sign_in(cast: Cast, at: datetime) -> UserSession:
    given = {"ip": "192.0.2.1", "user_agent": "Firefox", "session_key": f"s{at.timestamp()}", "created_at": at}
    with tenant(Scope(Role.AUTH)):
        return UserSession.objects.create(user=cast.iberia.owner, **given)


# One row for each rule, of that age.
MADE: dict[str, Callable[[Cast, datetime], Any]] = {
    "raw events from Stripe": within(event),
    "texts of mails": within(mail),
    "recipients and subjects of mails": within(mail),
    "login tokens and who used them": token,
    "invitations to a customer's account": lambda cast, at: invitation(PersonInvitation, cast, at),
    "invitations to a partner's team": lambda cast, at: invitation(Invitation, cast, at),
    "addresses in the audit trail": within(entry),
    "network addresses of sign-ups": lambda cast, at: signup(cast, at, SignUp.State.EXPIRED),
    "what was typed in unfinished sign-ups": lambda cast, at: signup(cast, at, SignUp.State.EXPIRED),
    "addresses and browsers of sign-ins": sign_in,
    "sessions after their end": session,
}


def kept(rule: Rule, row: Any) -> dict[str, Any] | None:
    """The row's values, of those that the rule blanks; None where it is gone."""
    with tenant(Scope(rule.role)):
        found: dict[str, Any] | None = type(row).objects.filter(pk=row.pk).values(*rule.blank or ["pk"]).first()
        return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.what)
def test_a_rule_forgets_after_its_days_and_not_before(cast: Cast, rule: Rule) -> None:
    age, minute = timedelta(days=rule.days), timedelta(minutes=1)
    old = MADE[rule.what](cast, cast.now - age)
    young = MADE[rule.what](cast, cast.now - age + minute)
    before = kept(rule, young)
    retention.forget(now=cast.now)
    assert kept(rule, old) == (rule.blank or None)
    assert kept(rule, young) == before
    assert before
    assert before != rule.blank


def test_a_second_run_finds_nothing(cast: Cast) -> None:
    for rule in RULES:
        MADE[rule.what](cast, cast.now - timedelta(days=rule.days))
    assert retention.forget(now=cast.now) >= len(RULES)
    assert retention.forget(now=cast.now) == 0


def test_more_than_a_batch_is_forgotten_in_one_run(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    with as_worker():
        for number in range(5):
            mail(cast.now - timedelta(days=100, microseconds=number))
    retention.forget(now=cast.now)
    with as_worker():
        assert not Mail.objects.exclude(text="")


def test_a_mail_that_waits_keeps_its_text(cast: Cast) -> None:
    with as_worker():
        waiting = mail(cast.now - timedelta(days=500), Mail.State.QUEUED)
    retention.forget(now=cast.now)
    with as_worker():
        waiting.refresh_from_db()
    assert (waiting.text, waiting.recipient) == ("text", "a@b.example")


def test_a_completed_sign_up_keeps_what_was_typed(cast: Cast) -> None:
    customer = factories.make_customer(house=cast.iberia, plan=cast.plan, now=cast.now)
    instance = factories.make_instance(customer=customer, now=cast.now)
    long_ago = cast.now - timedelta(days=500)
    made = factories.make_signup(house=cast.iberia, plan=cast.plan, now=long_ago, instance=instance)
    retention.forget(now=cast.now)
    with as_worker():
        assert SignUp.objects.get(pk=made.pk).email == made.email


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if not rule.blank and rule.days and rule.guarded], ids=lambda rule: rule.what
)
def test_the_database_lets_nobody_delete_before(cast: Cast, rule: Rule) -> None:
    row = MADE[rule.what](cast, cast.now - timedelta(days=rule.days) + timedelta(minutes=5))
    with pytest.raises(IntegrityError, match=f"is kept for {rule.days} days"), tenant(Scope(rule.role)):
        row.delete()


def test_the_triggers_know_the_declared_days() -> None:
    declared = {
        apps.get_model(rule.model)._meta.db_table: rf"{rule.since}\000{rule.days}\000"
        for rule in RULES
        if not rule.blank and rule.days and rule.guarded
    }
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        assert dict(cursor.fetchall()) == declared


def test_the_document_says_what_is_declared() -> None:
    table = re.findall(r"^\| (.+?) \| (\d+) days \| (.+?) \|$", DOCUMENT.read_text(), re.MULTILINE)
    assert [(what, int(days), then) for what, days, then in table] == [
        (rule.what, rule.days, f"blanked: {', '.join(rule.blank)}" if rule.blank else "deleted") for rule in RULES
    ]
