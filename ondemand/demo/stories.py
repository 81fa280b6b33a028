"""What happens to some customers beside their ordinary life."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from customers.models import Customer, InvoicePayment
from customers.services import card_url
from instances.services import boots
from ondemand.demo.companies import LATER_CARD
from ondemand.demo.lives import DAY, SECOND, Life, Lives
from ondemand.demo.timeline import Timeline
from ondemand.gateway import refunds, subscriptions
from ondemand.models import User
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role

REPAIR = timedelta(minutes=40)  # until staff have looked at a boot that failed
SHARE = 30  # per cent that are given back, or disputed
DECISION = timedelta(days=20)  # that a bank takes


class Stories:
    def __init__(self, lives: Lives, timeline: Timeline, staff: User) -> None:
        self.lives, self.timeline, self.staff = lives, timeline, staff

    def begin(self, life: Life, at: datetime) -> None:
        """Boot it, and plan the rest of the company's story."""
        if life.company.story == "boot":
            self._boot_fails(life, at)
        else:
            self.lives.boot(life, at)
        if life.company.story == "second":
            self.timeline.plan(at + 70 * DAY, partial(self._orders_another, life))
        if life.company.story == "cancelled":
            self._plan_cancellation(life)
        if life.company.story == "refunded":
            self.timeline.plan(self.timeline.end - 75 * DAY, partial(self._refund, life))
        if life.company.story == "disputed":
            self.timeline.plan(self.timeline.end - 75 * DAY, partial(self._dispute, life, lost=True))
            self.timeline.plan(self.timeline.end - 6 * DAY, partial(self._dispute, life, lost=False))
        if life.company.story == "credited":
            self.timeline.plan(self.timeline.end - 9 * DAY, partial(self._credit, life))
        if life.company.story == "past_due":
            self.timeline.plan(self.timeline.end - 25 * DAY, partial(self._change_card, life))

    def _boot_fails(self, life: Life, at: datetime) -> None:
        self.lives.park.set(boots="fail", fail_at="database", times=1)
        self.lives.boot(life, at)
        self.timeline.plan(at + REPAIR, partial(self._retry, life))

    def _retry(self, life: Life, now: datetime) -> None:
        with tenant(Scope(Role.STAFF)):
            boots.retry(life.instance, now=now, actor=self.staff)
        self.lives.boot(life, now + SECOND)

    def _orders_another(self, life: Life, now: datetime) -> None:
        first = life.company
        more = replace(
            first, username=f"{first.username}-two", users=max(2, first.users // 2), terminals=first.terminals // 2
        )
        second = self.lives.register(more, now, after=life)
        self.lives.boot(second, now + 100 * SECOND)

    def _plan_cancellation(self, life: Life) -> None:
        """The day after a renewal, so that nothing which was used stays unbilled."""
        _starts, ends = life.subscription.cycle_at(self.timeline.end - 90 * DAY)
        self.timeline.plan(ends + DAY, partial(self._cancel, life))

    def _cancel(self, life: Life, now: datetime) -> None:
        subscriptions.cancel_subscription(life.subscription.stripe_id, key=f"demo-cancel-{life.subscription.pk}")
        life.ended = True

    def _refund(self, life: Life, now: datetime) -> None:
        """Staff give back a part of the last paid invoice at Stripe."""
        payment = _payments(life)[0]
        amount = payment.amount * SHARE // 100
        key = f"demo-refund-{payment.invoice.stripe_id}"
        refunds.refund(payment_intent=payment.payment_intent, amount=amount, key=key)

    def _dispute(self, life: Life, now: datetime, *, lost: bool) -> None:
        """Of the invoice before the last one, if there are two; the first time the bank decides for its customer."""
        payment = _payments(life)[:2][-1]
        dispute = self.lives.stripe.dispute(payment.payment_intent, payment.amount * SHARE // 100)
        if lost:
            self.timeline.plan(now + DECISION, lambda at: self.lives.stripe.lose(dispute))

    def _credit(self, life: Life, now: datetime) -> None:
        """Staff write a credit note; the next invoice is lower by it."""
        payment = _payments(life)[0]
        self.lives.stripe.credit(payment.invoice.stripe_id, payment.amount * SHARE // 100)

    def _change_card(self, life: Life, now: datetime) -> None:
        """To one that attaches, and then fails at the next renewal."""
        with as_worker():
            customer = Customer.objects.get(pk=life.instance.customer_id)
        page = card_url(customer, return_url="http://localhost/account/")
        self.lives.stripe.change_card(page, card=LATER_CARD, name=life.company.contact)


def _payments(life: Life) -> list[InvoicePayment]:
    """Of the customer's invoices, the latest first."""
    with as_worker():
        paid = InvoicePayment.objects.filter(customer_id=life.instance.customer_id, state="paid")
        return list(paid.select_related("invoice").order_by("-invoice__created_at"))
