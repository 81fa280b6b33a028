"""One function writes the trail, in the transaction of the deed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from ondemand.audit.verbs import VERBS, Reader
from ondemand.models import AuditEntry, User

PLATFORM, SOMEBODY = "platform", "somebody"
ERASED = "erased"  # what an erasure puts for a text
_address: ContextVar[str | None] = ContextVar("address", default=None)


@contextmanager
def coming_from(address: str | None) -> Iterator[None]:
    """The client's address of every entry within: services know no request."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


def record(
    verb: str,
    *,
    now: datetime,
    actor: User | str | None = None,
    partner_id: int | None = None,
    customer_id: int | None = None,
    target: object = "",
    **detail: Any,
) -> None:
    """Append an entry. The actor may be SOMEBODY; without one the platform itself acted. `detail` must be JSON.

    Of partner and customer those read it whom the verb's line in ondemand.audit.verbs names. Raises KeyError for
    a verb that has no line there: it could be shown to nobody.
    """
    readers = VERBS[verb].readers
    person = actor if isinstance(actor, User) else None
    AuditEntry.objects.create(
        at=now,
        verb=verb,
        actor_id=person.pk if person else None,
        actor=person.email if person else str(actor or PLATFORM),
        partner_id=partner_id,
        customer_id=customer_id,
        for_partner=Reader.PARTNER in readers,
        for_customer=Reader.CUSTOMER in readers,
        target=str(target)[:120],
        detail=detail,
        address=_address.get(),
    )
