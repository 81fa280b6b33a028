"""Jobs about sign-ups."""

from __future__ import annotations

import logging

from ondemand import clock, inbox
from ondemand.gateway.errors import GatewayError
from ondemand.jobs import job
from ondemand.tenancy.context import as_worker
from signup import services
from signup.models import SignUp

log = logging.getLogger(__name__)


@job
def complete(signup_id: int) -> None:
    services.complete(signup_id, now=clock.now())


@job
def take_events() -> None:
    inbox.take(services.KINDS, services.sync, now=clock.now())


@job
def sweep() -> None:
    """Sign-ups whose word was lost, and those that were left; one that fails waits for the next sweep alone."""
    now = clock.now()
    with as_worker():
        to_expire = list(SignUp.objects.to_expire(now).values_list("pk", flat=True)[:100])
        to_look_at = list(SignUp.objects.to_look_at(now).values_list("pk", flat=True)[:100])
    for signup_id in to_expire:
        try:
            services.expire(signup_id, now=now)
        except GatewayError as error:
            log.warning("sign-up %s not expired: %s", signup_id, error)
    for signup_id in to_look_at:
        try:
            services.complete(signup_id, now=now)
        except GatewayError as error:
            log.warning("sign-up %s not completed: %s", signup_id, error)
