"""Sign-ups that are held or cannot be: released, refused or undone, with a death between the steps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import signup.tasks
from customers.models import Customer, Subscription
from instances.models import Instance
from ondemand.models import Mail, User
from ondemand.tenancy.context import as_worker, tenant
from partners.models import Partner
from signup.models import SignUp
from signup.services import completion, registration, review, undoing
from tests.path.deaths import AVAILABLE_AT_ONCE, RISKY, Deaths, form_of
from tests.path.walk import STAFF


class Decisions(Deaths):
    """Of a doubtful sign-up that is released, one that is refused, and one whose username is taken meanwhile."""

    def make(self, number: int, partner: Partner) -> None:
        with tenant(STAFF):
            by = User.objects.get(username="staff")
        staff: dict[str, Any] = {"by": by, "why": "We called them.", "now": self.walk.now}
        released, refused = self.held("released", number, partner), self.held("refused", number, partner)

        def release() -> None:
            with tenant(STAFF):
                review.release(released, **staff)
            completion.complete(released.pk, now=self.walk.now)

        def refuse() -> None:
            with tenant(STAFF):
                review.refuse(refused, **staff)
            undoing.undo(refused.pk, now=self.walk.now)

        def made() -> Iterator[tuple[str, int]]:
            with as_worker():
                yield "customer", Customer.objects.filter(name=released.company).count()
                yield "subscription", Subscription.objects.filter(customer__name=released.company).count()
                yield "instance", Instance.objects.filter(name=released.username).count()

        self.die("release", number, release, signup.tasks.sweep, made)
        self.die("refuse", number, refuse, signup.tasks.sweep, partial(self.undone, refused))
        taken = self.paid("taken", number, partner, AVAILABLE_AT_ONCE)
        with tenant(STAFF):
            User.objects.create_user(taken.username, f"{taken.username}@elsewhere.example")
        complete = partial(completion.complete, taken.pk, now=self.walk.now)
        self.die("complete and undo", number, complete, signup.tasks.sweep, partial(self.undone, taken))

    def paid(self, name: str, number: int, partner: Partner, card: str) -> SignUp:
        begun, _ = registration.start(form_of(name, number), **self.page(partner))
        self.walk.pay(registration.open_checkout(begun, now=self.walk.now), card)
        return begun

    def held(self, name: str, number: int, partner: Partner) -> SignUp:
        begun = self.paid(name, number, partner, RISKY)
        assert completion.complete(begun.pk, now=self.walk.now) == SignUp.State.REVIEW
        return begun

    def undone(self, signup_: SignUp) -> Iterator[tuple[str, int]]:
        with as_worker():
            now = SignUp.objects.get(pk=signup_.pk)
            yield "refused", int(now.state == SignUp.State.REFUSED)
            yield "mail", Mail.objects.filter(recipient=signup_.email, key__contains="refused").count()
            yield "no customer", int(not Customer.objects.filter(name=signup_.company).exists())
        ended = self.listed(f"subscriptions?status=canceled&customer={now.stripe_customer_id}")
        yield "subscription that is cancelled", len(ended)
        paid = sum(each["amount_paid"] for each in self.listed(f"invoices?customer={now.stripe_customer_id}"))
        mine = [each for each in self.listed("refunds") if each["metadata"].get("signup") == str(signup_.public_id)]
        yield "refund", len(mine)
        yield "refund in full", int(sum(each["amount"] for each in mine) == paid > 0)
