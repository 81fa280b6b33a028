"""Money to the partners: drafted by the platform, proposed and approved by two people, sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.conf import settings

from ondemand.demo.lives import DAY
from ondemand.demo.outside import Stripe
from ondemand.demo.sweeps import sweep
from ondemand.demo.timeline import Timeline
from ondemand.models import User
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners.models import BankAccount
from payments.models import Payment
from payments.services import preparing, sending


@dataclass(frozen=True)
class Oddity:
    """By a partner's code: whose payment staff cancel, whose account receives nothing, whose does so a day later."""

    cancels: str = ""
    fails: str = ""
    later: str = ""


class Payday:
    def __init__(self, timeline: Timeline, stripe: Stripe, staff: User, approver: User) -> None:
        self.timeline, self.stripe, self.staff, self.approver = timeline, stripe, staff, approver

    def usual(self, odd: Oddity, now: datetime) -> None:
        """All that is payable is paid, but for what goes otherwise this time."""
        for payment in self._drafted(now):
            self._propose(payment, now)
            self._approve(payment, now)
            code = payment.partner.code
            if code == odd.cancels:
                self._cancel(payment, now)
            elif code in (odd.fails, odd.later):
                self._send_in_vain(payment, now)
            else:
                sending.send(payment.pk, now=now)
            if code == odd.later:
                self.timeline.plan(now + DAY, partial(self._send_again, payment))

    def short_of_money(self, now: datetime, *, waits: str) -> None:
        """The treasury has just emptied the balance: what is approved waits. The others' drafts stay drafts."""
        self.stripe.pay_out_balance(settings.ZONE_CURRENCY)
        for payment in self._drafted(now):
            if payment.partner.code == waits:
                self._propose(payment, now)
                self._approve(payment, now)
                sending.send(payment.pk, now=now)

    def propose(self, now: datetime, *, of: str) -> None:
        """One more is asked for; the treasury was quicker again, so that what waits goes on waiting."""
        self.stripe.pay_out_balance(settings.ZONE_CURRENCY)
        for payment in self._drafted(now):
            if payment.partner.code == of:
                self._propose(payment, now)

    def _drafted(self, now: datetime) -> list[Payment]:
        sweep(now)
        with as_worker():
            preparing.draft_all(now=now)
            drafts = Payment.objects.filter(state=Payment.State.DRAFT).select_related("partner")
            return list(drafts.order_by("pk"))

    def _propose(self, payment: Payment, now: datetime) -> None:
        with tenant(Scope(Role.STAFF)):
            preparing.propose(payment, by=self.staff, now=now)

    def _approve(self, payment: Payment, now: datetime) -> None:
        with tenant(Scope(Role.STAFF)):
            preparing.approve(payment, by=self.approver, now=now)

    def _cancel(self, payment: Payment, now: datetime) -> None:
        with tenant(Scope(Role.STAFF)):
            preparing.cancel(payment, by=self.approver, now=now)

    def _send_in_vain(self, payment: Payment, now: datetime) -> None:
        with as_worker():
            account = BankAccount.objects.get(partner_id=payment.partner_id, replaced_at=None).stripe_id
        self.stripe.restrict(account, restricted=True)
        sending.send(payment.pk, now=now)
        self.stripe.restrict(account, restricted=False)

    def _send_again(self, payment: Payment, now: datetime) -> None:
        self._approve(payment, now)
        sending.send(payment.pk, now=now)
