"""Jobs about sign-ups."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from ondemand import clock, inbox
from ondemand.gateway.errors import GatewayError
from ondemand.jobs import job
from ondemand.tenancy.context import as_worker
from signup import services
from signup.models import SignUp
from signup.services.leaving import REMIND_AFTER

log = logging.getLogger(__name__)


@job
def complete(signup_id: int) -> None:
    services.complete(signup_id, now=clock.now())


@job
def undo(signup_id: int) -> None:
    services.undo(signup_id, now=clock.now())


@job
def take_events() -> None:
    inbox.take(services.KINDS, services.sync, now=clock.now())


@job
def sweep() -> None:
    """Sign-ups whose word was lost, that were left, or refused; one that fails waits for the next sweep."""
    now = clock.now()
    with as_worker():
        due = [
            (act, list(rows.values_list("pk", flat=True)[:100]))
            for act, rows in (
                (services.expire, SignUp.objects.to_expire(now)),
                (services.remind, SignUp.objects.to_remind(now, after=REMIND_AFTER)),
                (services.complete, SignUp.objects.to_look_at(now)),
                (services.undo, SignUp.objects.to_undo(now)),
            )
        ]
    for act, signup_ids in due:
        for signup_id in signup_ids:
            _try(act, signup_id, now)
    services.settle_events(now=now)


def _try(act: Callable[..., str], signup_id: int, now: datetime) -> None:
    try:
        act(signup_id, now=now)
    except GatewayError as error:
        log.warning("%s of sign-up %s: %s", act.__name__, signup_id, error)
