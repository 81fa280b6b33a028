"""What an erasure takes out of the platform's own rows: mails, the trail, events, the admin's log."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.db.models import Q, QuerySet

from ondemand.audit.entries import ERASED
from ondemand.models import AuditEntry, Mail, StripeEvent
from ondemand.personal.payloads import reduced

NOWHERE = "erased.invalid"  # a domain that never exists (RFC 2606)


def from_mails(those: Q) -> None:
    """The log keeps that and when; what was still to be sent is not."""
    mails = Mail.objects.filter(those)
    mails.filter(state=Mail.State.QUEUED).update(state=Mail.State.FAILED)
    mails.update(recipient=f"mail@{NOWHERE}", reply_to="", subject="", text="", html="", error="")


def from_trail(those: Q, *, actors: set[int]) -> None:
    """Ids, verbs and times stay; the texts of `those` go, and the names of `actors`. A trigger lets no more be done."""
    for entry in AuditEntry.objects.filter(those).exclude(verb__startswith="erasure.").iterator():
        detail = {key: ERASED if isinstance(value, str | list | dict) else value for key, value in entry.detail.items()}
        target = entry.target and ERASED
        if (target, detail) != (entry.target, entry.detail):
            AuditEntry.objects.filter(pk=entry.pk).update(target=target, detail=detail)
    AuditEntry.objects.filter(actor_id__in=actors).exclude(actor=ERASED).update(actor=ERASED, address=None)


def from_log(those: Q) -> None:
    """What the admin noted of changes by hand."""
    LogEntry.objects.filter(those).update(object_repr=ERASED, change_message="")


def from_events(events: QuerySet[StripeEvent], stripe_ids: Iterable[str]) -> int:
    """Reduce the payloads that speak of one of these customers at Stripe. Returns how many."""
    mine = [
        event
        for stripe_id in stripe_ids
        for event in events.filter(payload__icontains=f'"{stripe_id}"').only("pk", "payload")
    ]
    for event in mine:
        StripeEvent.objects.filter(pk=event.pk).update(payload=reduced(event.payload), error="")
    return len(mine)
