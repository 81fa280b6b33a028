"""What beat and the workers would have done meanwhile, in one go."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from commissions.services import accrual
from customers import sync as customers
from instances.models import Instance, UsageCycle
from instances.provisioners import provisioner
from instances.services import boots, deletions, endings, plans, suspensions
from instances.services import usage as pushes
from ondemand import inbox, mail
from ondemand.tenancy.context import as_worker
from payments import tasks as payments
from payments.models import Payment
from payments.services import sending
from signup import services as signups
from signup.models import SignUp


def sweep(now: datetime) -> None:
    """Events are fetched, synced and accrued; what has ended ends; what is due is pushed and mailed."""
    inbox.poll(wanted=frozenset(settings.STRIPE_WAKES), now=now)
    inbox.take(customers.KINDS, customers.sync, now=now)
    inbox.take(signups.KINDS, signups.sync, now=now)
    inbox.take(payments.KINDS, payments.sync, now=now)
    _sign_ups(now)
    _instances(now)
    accrual.accrue(now=now)
    _payments(now)
    send_mails(now)


def _sign_ups(now: datetime) -> None:
    for signup_id in _found(SignUp.objects.to_expire(now)):
        signups.expire(signup_id, now=now)


def _instances(now: datetime) -> None:
    for instance_id in _found(Instance.objects.to_stop()):
        endings.stop(instance_id, now=now)
    for instance_id in _found(Instance.objects.to_switch(now)):
        suspensions.switch(instance_id, provisioner=provisioner(), now=now)
    deletions.run(provisioner=provisioner(), now=now)
    for instance_id in _found(Instance.objects.to_end()):
        boots.end(instance_id, provisioner=provisioner(), now=now)
    push_usage(now)


def _found(waiting: QuerySet[Any]) -> list[int]:
    with as_worker():
        return list(waiting.values_list("pk", flat=True))


def _payments(now: datetime) -> None:
    for payment_id in _found(Payment.objects.to_send(now)):
        sending.send(payment_id, now=now)


def push_usage(now: datetime) -> None:
    with as_worker():
        plans.price(now=now)
    for cycle_id in _found(UsageCycle.objects.to_push(now)):
        pushes.push(cycle_id, now=now)


def send_mails(now: datetime) -> None:
    while mail.send_due(now=now):
        pass
