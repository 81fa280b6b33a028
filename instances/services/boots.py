"""From a paid subscription to a running instance, and to its end. The row's state is the job."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q

from customers.models import Customer, Person, Subscription
from instances.models import Instance, InstanceEvent, Suspension
from instances.provisioners import Provisioner, ProvisionerError, Server, Wanted
from ondemand import audit, mail
from ondemand.accounts import set_password_url
from ondemand.hints import hint
from ondemand.models import User
from ondemand.tenancy.context import as_worker

log = logging.getLogger(__name__)
POLL = timedelta(milliseconds=900)  # a little less than the hint's second, which must find the row due
LEASE = timedelta(seconds=15)  # longer than the provider's time-outs: whoever was killed is followed after it


def provision(subscription: Subscription, *, name: str, now: datetime) -> Instance:
    """Queue the subscription's instance; again for the same subscription: the same one."""
    instance, new = Instance.objects.get_or_create(
        partner_id=subscription.partner_id,
        subscription=subscription,
        defaults={
            "customer_id": subscription.customer_id,
            "product_id": subscription.product_id,
            "plan_id": subscription.plan_id,
            "name": name,
            "created_at": now,
            "next_try_at": now,
            "activation_key": f"OB-{secrets.token_hex(16).upper()}",
            "heartbeat_key": secrets.token_hex(32),
        },
    )
    if new:
        note(instance, "queued", "The instance was ordered.", now)
        count_instances(instance.customer_id)
    hint("instances.tasks.boot", instance.pk)
    return instance


def boot(instance_id: int, *, provisioner: Provisioner, now: datetime) -> str:
    """Carry the boot on by one look at the provider. Returns the instance's state, or "" where others are at it."""
    instance = _claim(instance_id, now)
    if instance is None:
        return ""
    try:
        server = _ensure(instance, provisioner)
        answers = server.state == "running" and provisioner.answers(server)
    except ProvisionerError as error:
        return _postpone(instance_id, str(error), now)
    with as_worker():
        instance = Instance.objects.select_for_update().get(pk=instance_id)
        return _record(instance, server, answers, now)


def _claim(instance_id: int, now: datetime) -> Instance | None:
    with as_worker():
        due = Instance.objects.to_boot(now).select_for_update(skip_locked=True, of=("self",))
        instance = due.select_related("product", "customer", "plan").filter(pk=instance_id).first()
        if instance is None:
            return None
        instance.boot_started_at = instance.boot_started_at or now
        instance.next_try_at = now + LEASE
        instance.save(update_fields=["boot_started_at", "next_try_at"])
        return instance


def _ensure(instance: Instance, provisioner: Provisioner) -> Server:
    """A queued instance whose server failed is a retry; it stays queued until the provider took it."""
    server = provisioner.ensure(_wanted(instance))
    if instance.state == Instance.State.QUEUED and server.state == "failed":
        provisioner.retry(instance.public_id)
        server = provisioner.ensure(_wanted(instance))
    return server


def _wanted(instance: Instance) -> Wanted:
    return Wanted(
        id=instance.public_id,
        name=instance.name,
        product=instance.product.name,
        edition=("retail " if instance.product.retail else "") + instance.plan.name,
        company=instance.customer.name,
        activation_key=instance.activation_key,
        heartbeat_url=settings.HEARTBEAT_URL,
        heartbeat_key=instance.heartbeat_key,
    )


def _postpone(instance_id: int, error: str, now: datetime) -> str:
    """The provider did not answer: ask again, until the deadline."""
    with as_worker():
        instance = Instance.objects.select_for_update().get(pk=instance_id)
        instance.tries += 1
        instance.next_try_at = now + min(POLL * 2**instance.tries, timedelta(minutes=1))
        instance.error = error[:500]
        return _fail(instance, error, now) if _is_late(instance, now) else _again(instance)


def _record(instance: Instance, server: Server, answers: bool, now: datetime) -> str:
    if instance.state not in (Instance.State.QUEUED, Instance.State.BOOTING):
        return instance.state
    if instance.state == Instance.State.QUEUED:
        instance.state = Instance.State.BOOTING
        note(instance, "booting", "The boot began.", now)
    _note_steps(instance, server, now)
    instance.address, instance.version, instance.error = server.address, server.version, ""
    if answers and instance.answered_at is None:
        instance.answered_at = now
        note(instance, "answered", "The address answered.", now)
    if server.state == "failed":
        return _fail(instance, server.error, now)
    if instance.answered_at and instance.last_heartbeat_at:
        return _run(instance, now)
    if _is_late(instance, now):
        return _fail(instance, "The boot took longer than its deadline.", now)
    instance.tries, instance.next_try_at = 0, now + POLL
    return _again(instance)


def _note_steps(instance: Instance, server: Server, now: datetime) -> None:
    known = {step["name"]: step["state"] for step in instance.steps}
    for step in server.steps:
        if step.state in ("done", "failed") and known.get(step.name) != step.state:
            outcome = f"{step.label}: {step.detail or step.state}"
            note(instance, f"step-{step.state}", outcome, step.at if step.at and step.at < now else now)
    instance.steps = [{"name": step.name, "label": step.label, "state": step.state} for step in server.steps]


def _is_late(instance: Instance, now: datetime) -> bool:
    deadline = timedelta(seconds=settings.BOOT_DEADLINE_SECONDS)
    return instance.boot_started_at is not None and now > instance.boot_started_at + deadline


def _again(instance: Instance) -> str:
    instance.save()
    hint("instances.tasks.boot", instance.pk, delay=1)
    return instance.state


def _run(instance: Instance, now: datetime) -> str:
    instance.state, instance.running_at, instance.tries = Instance.State.RUNNING, now, 0
    instance.save()
    note(instance, "running", "The instance is running.", now)
    _tell_owner(instance, "instance_running", now)
    return instance.state


def _fail(instance: Instance, error: str, now: datetime) -> str:
    """Our alarm: staff are mailed; the customer's progress page says what happens next."""
    instance.state, instance.error = Instance.State.FAILED, error[:500]
    instance.save()
    note(instance, "failed", f"The boot failed: {error}", now)
    mail.tell_staff(
        f"instance-{instance.pk}-failed-{int(now.timestamp())}",
        template="instance_failed",
        context={"instance": instance, "error": error, "url": settings.ONDEMAND_URL},
        now=now,
        partner_id=instance.partner_id,
        customer_id=instance.customer_id,
    )
    return instance.state


def _tell_owner(instance: Instance, template: str, now: datetime) -> None:
    owners = Person.objects.filter(customer_id=instance.customer_id, role=Person.Role.OWNER)
    owner = owners.select_related("user").first()
    if owner is None:
        return
    mail.queue(
        f"instance-{instance.pk}-{template}",
        template=template,
        to=owner.user.email,
        language=owner.user.language,
        context={
            "instance": instance,
            "password_url": "" if owner.user.has_usable_password() else set_password_url(owner.user),
            "account_url": f"{settings.ONDEMAND_URL}/account/",
        },
        now=now,
        partner_id=instance.partner_id,
        customer_id=instance.customer_id,
    )


def retry(instance: Instance, *, now: datetime, actor: User | None = None) -> bool:
    """Queue a failed instance again: what failed at the provider is then booted again. False unless it had failed."""
    waiting = Instance.objects.filter(pk=instance.pk, state=Instance.State.FAILED)
    queued = {"state": Instance.State.QUEUED, "boot_started_at": now, "next_try_at": now, "tries": 0, "error": ""}
    if not waiting.update(**queued, steps=[]):
        return False
    note(instance, "retried", "The boot was tried again.", now)
    audit.record(
        "instance.retried",
        now=now,
        actor=actor,
        partner_id=instance.partner_id,
        customer_id=instance.customer_id,
        target=instance.name,
    )
    hint("instances.tasks.boot", instance.pk)
    return True


def end(instance_id: int, *, provisioner: Provisioner, now: datetime) -> bool:
    """End what never ran and is paid no more, and what is deleted; it says so only once the provider confirmed.

    False where there is nothing to end, or the provider did not confirm: the next sweep asks again.
    """
    with as_worker():
        instance = Instance.objects.to_end().select_for_update(skip_locked=True, of=("self",)).filter(pk=instance_id)
        row = instance.first()
        if row is None:
            return False
        if row.state != Instance.State.TERMINATING:
            Instance.objects.filter(pk=row.pk).update(state=Instance.State.TERMINATING)
            note(row, "ending", "The subscription has ended; so does the instance.", now)
    try:
        provisioner.terminate(row.public_id)
    except ProvisionerError as error:
        log.warning("instance %s not ended: %s", row.name, error)
        return False
    with as_worker():
        ended = Instance.objects.filter(pk=row.pk, state=Instance.State.TERMINATING)
        if ended.update(state=Instance.State.TERMINATED, ended_at=now):
            Suspension.objects.open().filter(partner_id=row.partner_id, instance=row).update(closed_at=now)
            note(row, "ended", "The instance has ended.", now)
            count_instances(row.customer_id)
    return True


def count_instances(customer_id: int) -> None:
    """Write the count of live instances that lists of customers show and sort by."""
    live = Count("instance_set", filter=~Q(instance_set__state=Instance.State.TERMINATED))
    counted = Customer.objects.filter(pk=customer_id).annotate(live=live).values_list("live", flat=True).first()
    Customer.objects.filter(pk=customer_id).update(instances=counted or 0)


def note(instance: Instance, kind: str, text: str, at: datetime) -> None:
    InstanceEvent.objects.create(
        partner_id=instance.partner_id,
        customer_id=instance.customer_id,
        instance=instance,
        at=at,
        kind=kind,
        text=text[:500],
    )
