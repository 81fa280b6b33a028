"""Suspended and running again: causes are opened and closed here, and the provider follows.

With the first open cause an instance is suspending, with the last one closed it is resuming, in one transaction;
it is suspended, or runs again, once the provider confirmed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from customers.models import Invoice, Person
from instances.models import Brake, Instance, Suspension
from instances.provisioners import Notice, Provisioner, ProvisionerError, Server
from instances.services import deletions
from instances.services.boots import LEASE, POLL, note
from instances.services.warnings import tell_resumed, tell_suspended, why
from ondemand import audit
from ondemand.backoff import next_try
from ondemand.hints import hint
from ondemand.models import User
from ondemand.tenancy.context import as_worker

SLOWEST = timedelta(seconds=30)  # who has paid works again within a minute
SUSPENDING, RESUMING = Instance.State.SUSPENDING, Instance.State.RESUMING
CONFIRMED = {
    SUSPENDING: ("suspended", Instance.State.SUSPENDED, "The instance is suspended."),
    RESUMING: ("running", Instance.State.RUNNING, "The instance runs again."),
}


def suspend(instance_id: int, cause: str, *, reason: str, now: datetime, by: User | None = None) -> bool:
    """Open a cause. False where it is open already, the brake is closed, or the instance never ran or has ended."""
    instance = Instance.objects.select_for_update(of=("self",)).get(pk=instance_id)
    if instance.state not in Instance.BOOTED or Brake.objects.in_force().exists():
        return False
    _row, new = Suspension.objects.get_or_create(
        partner_id=instance.partner_id,
        instance=instance,
        cause=cause,
        closed_at=None,
        defaults={"customer_id": instance.customer_id, "reason": reason, "opened_at": now, "opened_by": by},
    )
    if not new:
        return False
    _record("instance.suspended", instance, _told(cause, reason), now, by)
    deletions.foresee(instance, cause, now=now)
    if instance.state != SUSPENDING:  # a suspended one has another notice to show
        _turn(instance, SUSPENDING, "The instance is being suspended.", now)
    return True


def resume(instance_id: int, cause: str, *, reason: str, now: datetime, by: User | None = None) -> bool:
    """Close a cause. False where it is not open."""
    instance = Instance.objects.select_for_update(of=("self",)).get(pk=instance_id)
    open_causes = Suspension.objects.open().filter(partner_id=instance.partner_id, instance=instance)
    if not open_causes.filter(cause=cause).update(closed_at=now):
        return False
    _record("instance.resumed", instance, _told(cause, reason), now, by)
    deletions.withdraw(instance, now=now)
    if not open_causes.exists() and instance.state in (SUSPENDING, Instance.State.SUSPENDED):
        _turn(instance, RESUMING, "The instance is resuming.", now)
    return True


def _turn(instance: Instance, state: str, text: str, now: datetime) -> None:
    """Who is at the provider for it has the row until then, or two calls could cross."""
    if instance.state not in (SUSPENDING, RESUMING):
        instance.next_try_at = now
    instance.state, instance.tries = state, 0
    instance.save(update_fields=["state", "tries", "next_try_at"])
    note(instance, state, text, now)
    hint("instances.tasks.switch", instance.pk)


def _told(cause: str, reason: str) -> str:
    return cause if cause == Suspension.Cause.ABUSE else reason or cause


def _record(verb: str, instance: Instance, why: str, now: datetime, by: User | None) -> None:
    audit.record(
        verb,
        now=now,
        actor=by,
        partner_id=instance.partner_id,
        customer_id=instance.customer_id,
        target=instance.name,
        why=why,
    )


def switch(instance_id: int, *, provisioner: Provisioner, now: datetime) -> str:
    """Tell the provider what the instance's state asks for. Returns the state, or "" where others are at it."""
    with as_worker():
        instance = _claim(instance_id, now)
        notice = _notice(instance) if instance and instance.state == SUSPENDING else None
    if instance is None:
        return ""
    try:
        server = provisioner.suspend(instance.public_id, notice) if notice else provisioner.resume(instance.public_id)
    except ProvisionerError as error:
        return _postpone(instance, str(error), now)
    return _follow(instance, server, now)


def _claim(instance_id: int, now: datetime) -> Instance | None:
    due = Instance.objects.to_switch(now).select_for_update(skip_locked=True, of=("self",))
    instance = due.select_related("customer__partner", "subscription").filter(pk=instance_id).first()
    if instance:
        Instance.objects.filter(pk=instance.pk).update(next_try_at=now + LEASE)
    return instance


def _postpone(asked: Instance, error: str, now: datetime) -> str:
    with as_worker():
        instance = Instance.objects.select_for_update(of=("self",)).get(pk=asked.pk)
        instance.tries, instance.error = instance.tries + 1, error[:500]
        instance.next_try_at = next_try(now, instance.tries, first_seconds=1, most=SLOWEST)
        instance.save(update_fields=["tries", "error", "next_try_at"])
        return instance.state


def _follow(asked: Instance, server: Server, now: datetime) -> str:
    """What was asked for may have changed meanwhile: then the provider is asked again at once."""
    confirmed, state, text = CONFIRMED[Instance.State(asked.state)]
    with as_worker():
        instance = Instance.objects.select_for_update(of=("self",)).get(pk=asked.pk)
        if instance.state == asked.state and server.state == confirmed:
            instance.state, instance.tries, instance.error = state, 0, ""
            note(instance, state, text, now)
            (tell_suspended if state == Instance.State.SUSPENDED else tell_resumed)(instance, now=now)
        elif instance.state in CONFIRMED:
            instance.next_try_at = now + POLL if instance.state == asked.state else now
            hint("instances.tasks.switch", instance.pk, delay=1)
        instance.save(update_fields=["state", "tries", "error", "next_try_at"])
        return instance.state


def _notice(instance: Instance) -> Notice:
    """Why, how to pay and whom to ask, in the owner's language."""
    causes = set(Suspension.objects.open().filter(instance=instance).values_list("cause", flat=True))
    partner = instance.customer.partner
    owners = Person.objects.filter(customer_id=instance.customer_id, role=Person.Role.OWNER)
    language = owners.values_list("user__language", flat=True).first() or settings.LANGUAGE_CODE
    to_pay = Suspension.Cause.UNPAID in causes and Suspension.Cause.TERM_ENDED not in causes
    with translation.override(language):
        return Notice(
            why=why(instance, causes),
            how_to_pay=_how_to_pay(instance) if to_pay else "",
            whom_to_ask=", ".join(filter(None, [partner.name, partner.support_email, partner.support_phone])),
        )


def _how_to_pay(instance: Instance) -> str:
    page = Invoice.objects.unpaid_of(instance.subscription).page_to_pay()
    account = f"{settings.ONDEMAND_URL}/account/"
    return _("Pay here: %(url)s The instance then runs again within a minute.") % {"url": page or account}
