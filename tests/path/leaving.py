"""Chapters of the story: who leaves at the end of the term, who stays after all, and who has left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import customers.tasks
import instances.tasks
from customers import cancelling, sync
from customers.models import Cancellation
from instances.services import at_once
from ondemand.models import User
from ondemand.tenancy.context import Scope, as_worker
from ondemand.tenancy.roles import Role
from tests.path.walk import STAFF

if TYPE_CHECKING:
    from tests.path.story import Story

WORKER = Scope(Role.WORKER)


def leave(story: Story) -> None:
    """One leaves, and Stripe forgets it; leaves again, and stays after all. Three leaves and is ended in `endings`."""
    one = story.subscription("one")
    made = cancelled(story, "one")
    story.twice(cancelling.tell, made.pk, now=story.now)
    story.wait(seconds=2)
    story.walk.standin.v1.subscriptions.update(one.stripe_id, {"cancel_at": ""})
    with as_worker():
        sync.sync_subscription(one.stripe_id, story.now)
    story.twice(cancelling.agree, one.stripe_id, now=story.now, scope=WORKER)
    again = cancelled(story, "one")
    story.twice(customers.tasks.tell_end, again.pk)
    story.twice(cancelling.undo, again.pk, by=again.by, now=story.now, scope=WORKER)
    cancelled(story, "three")
    story.twice(customers.tasks.sweep)


def cancelled(story: Story, name: str) -> Cancellation:
    with as_worker():
        by = User.objects.get(email=f"{name}@shops.example")
    said: dict[str, Any] = {"reason": "price", "text": "It is too dear", "by": by, "now": story.now}
    made: Cancellation = story.twice(cancelling.cancel, story.subscription(name).pk, **said, scope=WORKER)
    return made


def left(story: Story) -> None:
    """Three has left; staff end four's and one's subscriptions at once."""
    story.twice(cancelling.close, now=story.now, scope=WORKER)
    said: dict[str, Any] = {"why": "Fraud", "unpaid": "collect", "by": story.user("staff"), "now": story.now}
    refused: dict[str, Any] = {"scope": STAFF, "refused": at_once.EndingRefused}
    four = story.twice(at_once.end_at_once, story.subscription("four"), **said, **refused)
    story.twice(at_once.carry_out, four.pk, now=story.now)
    one = story.twice(at_once.end_at_once, story.subscription("one"), **said, **refused)
    story.twice(instances.tasks.end_at_once, one.pk)
