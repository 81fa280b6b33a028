"""How long what served a purpose is kept after it. The rules are the declaration; docs/personal-data.md shows them.

Rows are found by their age alone, so a run that was missed or killed is made good by the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet

from ondemand.tenancy.context import Scope, tenant
from ondemand.tenancy.roles import Role

BATCH = 1_000


@dataclass(frozen=True)
class Rule:
    """Rows of `model` (app.Model) whose `since` lies `days` back are deleted, or get the values of `blank`.

    `among`: which of them. What is deleted for good is guarded by a trigger that knows the days too.
    """

    what: str  # the line in the document
    model: str
    since: str
    days: int
    blank: dict[str, Any] = field(default_factory=dict)
    among: Q = field(default_factory=Q)
    role: Role = Role.WORKER
    guarded: bool = True  # False: its own end may come earlier

    def rows(self, now: datetime) -> QuerySet[Any]:
        old = Q(**{f"{self.since}__lte": now - timedelta(days=self.days)})
        unblanked = ~Q(**self.blank) if self.blank else Q()
        rows: QuerySet[Any] = apps.get_model(self.model)._default_manager.filter(old, self.among, unblanked)
        return rows


UNFINISHED = Q(state__in=["expired", "refused"])
TYPED = (
    *("company", "contact_name", "email", "username", "vat_number", "network"),
    *("stripe_customer_id", "session_url", "card_fingerprint"),
)
RULES = (
    Rule("raw events from Stripe", "ondemand.StripeEvent", "received_at", 400),
    Rule(
        "texts of mails",
        "ondemand.Mail",
        "created_at",
        90,
        blank={"text": "", "html": "", "error": ""},
        among=~Q(state="queued"),
    ),
    Rule(
        "recipients and subjects of mails",
        "ondemand.Mail",
        "created_at",
        400,
        blank={"recipient": "", "reply_to": "", "subject": ""},
        among=~Q(state="queued"),
    ),
    Rule("login tokens and who used them", "customers.LoginToken", "created_at", 90),
    Rule("invitations to a customer's account", "customers.PersonInvitation", "expires_at", 90),
    Rule("invitations to a partner's team", "partners.Invitation", "expires_at", 90),
    Rule("addresses in the audit trail", "ondemand.AuditEntry", "at", 30, blank={"address": None}),
    Rule("network addresses of sign-ups", "signup.SignUp", "created_at", 30, blank={"network": ""}),
    Rule(
        "what was typed in unfinished sign-ups",
        "signup.SignUp",
        "expires_at",
        30,
        blank=dict.fromkeys(TYPED, ""),
        among=UNFINISHED,
    ),
    Rule(
        "addresses and browsers of sign-ins",
        "usersessions.UserSession",
        "created_at",
        30,
        role=Role.AUTH,
        guarded=False,
    ),
    Rule("sessions after their end", "sessions.Session", "expire_date", 0, role=Role.AUTH),
)


def forget(*, now: datetime) -> int:
    """Apply every rule, a batch a transaction. Returns how many rows were deleted or blanked."""
    return sum(count for rule in RULES for count in _batches(rule, now))


def _batches(rule: Rule, now: datetime) -> Iterator[int]:
    count = BATCH
    while count == BATCH:
        with tenant(Scope(rule.role)):
            count = _batch(rule, now)
        yield count


def _batch(rule: Rule, now: datetime) -> int:
    ids = list(rule.rows(now).order_by("pk").values_list("pk", flat=True)[:BATCH])
    rows = apps.get_model(rule.model)._default_manager.filter(pk__in=ids)
    if rule.blank:
        rows.update(**rule.blank)
    else:
        rows.delete()
    return len(ids)
