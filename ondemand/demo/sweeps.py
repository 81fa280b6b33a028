"""What beat and the workers would have done meanwhile, in one go."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from commissions.services import accrual
from customers import sync as customers
from instances.models import Instance, UsageCycle
from instances.provisioners import provisioner
from instances.services import boots
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
    with as_worker():
        left = list(SignUp.objects.to_expire(now).values_list("pk", flat=True))
    for signup_id in left:
        signups.expire(signup_id, now=now)


def _instances(now: datetime) -> None:
    with as_worker():
        ended = list(Instance.objects.to_end().values_list("pk", flat=True))
    for instance_id in ended:
        boots.end(instance_id, provisioner=provisioner(), now=now)
    push_usage(now)


def _payments(now: datetime) -> None:
    with as_worker():
        due = list(Payment.objects.to_send(now).values_list("pk", flat=True))
    for payment_id in due:
        sending.send(payment_id, now=now)


def push_usage(now: datetime) -> None:
    with as_worker():
        behind = list(UsageCycle.objects.to_push(now).values_list("pk", flat=True))
    for cycle_id in behind:
        pushes.push(cycle_id, now=now)


def send_mails(now: datetime) -> None:
    while mail.send_due(now=now):
        pass
