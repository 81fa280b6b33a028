"""Customers who leave, stay after all, and are ended at once; with a death between the steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import customers.tasks
import instances.tasks
from customers import cancelling
from customers.models import Cancellation, Customer
from instances.models import Ending
from instances.services import at_once
from ondemand.models import Mail, User
from ondemand.tenancy.context import as_worker, tenant
from tests.path.deaths import Deaths
from tests.path.walk import STAFF


class Departures(Deaths):
    def make(self, number: int, customer: Customer) -> None:
        with as_worker():
            subscription = customer.subscriptions.get()
            owner = User.objects.get(email=customer.contact_email)
        with tenant(STAFF):
            staff = User.objects.get(username="staff")

        def cancel() -> None:
            said: dict[str, Any] = {"reason": "price", "text": "", "by": owner, "now": self.walk.now}
            with as_worker():
                made = cancelling.cancel(subscription.pk, **said)
            cancelling.tell(made.pk, now=self.walk.now)

        def stay() -> None:
            with as_worker():
                made = Cancellation.objects.get(customer=customer)
                cancelling.undo(made.pk, by=owner, now=self.walk.now)
            cancelling.tell(made.pk, now=self.walk.now)

        def end() -> None:
            said: dict[str, Any] = {"why": "Fraud", "unpaid": "collect", "by": staff, "now": self.walk.now}
            with tenant(STAFF):
                ending = at_once.end_at_once(subscription, **said)
            at_once.carry_out(ending.pk, now=self.walk.now)

        def has_end(wanted: bool) -> bool:
            return (self.walk.stripe(f"/v1/subscriptions/{subscription.stripe_id}")["cancel_at"] is not None) == wanted

        def leaving() -> Iterator[tuple[str, int]]:
            yield "end at Stripe", int(has_end(True))
            with as_worker():
                yield "cancellation that Stripe knows", mine().exclude(told_at=None).filter(undone_at=None).count()
            yield "mail", mails("cancellation-", "cancelled")

        def staying() -> Iterator[tuple[str, int]]:
            yield "no end at Stripe", int(has_end(False))
            with as_worker():
                yield "undoing that Stripe knows", mine().exclude(told_at=None).exclude(undone_at=None).count()
            yield "mail", mails("cancellation-", "undone")

        def ended() -> Iterator[tuple[str, int]]:
            of_stripe = self.listed(f"subscriptions?status=canceled&customer={customer.stripe_id}")
            yield "subscription that is cancelled", len(of_stripe)
            with as_worker():
                yield "ending that is done", Ending.objects.filter(customer=customer, done_at__isnull=False).count()
            yield "mail", mails("ending-", "")
            billed = self.listed(f"invoices?subscription={subscription.stripe_id}")
            unpaid = [each for each in billed if each["status"] != "paid"]
            yield "nothing unpaid", int(not unpaid)

        def mine() -> Any:
            return Cancellation.objects.filter(customer=customer)

        def mails(start: str, what: str) -> int:
            with as_worker():
                found = Mail.objects.filter(customer_id=customer.pk, recipient=owner.email, key__startswith=start)
                return found.filter(key__contains=what).count()

        self.die("cancel", number, cancel, customers.tasks.sweep, leaving)
        self.die("stay after all", number, stay, customers.tasks.sweep, staying)
        self.die("end at once", number, end, instances.tasks.sweep, ended)
