"""The chapter of what is suspended by hand, stopped, backed up, foretold and deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import instances.tasks
from customers import grace
from customers.models import Subscription
from instances.models import Deletion, Suspension
from instances.services import boots, by_hand, deletions, endings, suspensions
from ondemand.tenancy.context import as_worker
from tests.path.walk import STAFF, Walk

if TYPE_CHECKING:
    from tests.path.story import Story

DAYS_ON = (30, 53, 59)  # of the warnings


def end_for_good(walk: Walk, instance_id: int) -> None:
    """Of a subscription that has ended: sixty days in one go."""
    endings.stop(instance_id, now=walk.now)
    for seconds in (0, 30):
        suspensions.switch(instance_id, provisioner=walk.provisioner, now=walk.now + timedelta(seconds=seconds))
    with as_worker():
        row = Deletion.objects.ahead().get(instance=instance_id)
    deletions.back_up(row.pk, provisioner=walk.provisioner, now=walk.now)
    for days in DAYS_ON:
        deletions.tell(row.pk, now=walk.now + timedelta(days=days))
    deletions.begin(row.pk, now=walk.now + timedelta(days=60))
    boots.end(instance_id, provisioner=walk.provisioner, now=walk.now + timedelta(days=60))


def by_staff(story: Story) -> None:
    one, asked = story.instance("one"), {"by": story.user("staff"), "why": "They sent spam", "now": story.now}
    cause: dict[str, Any] = {"cause": Suspension.Cause.ABUSE, **asked}
    story.twice(by_hand.suspend, one, **cause, scope=STAFF, refused=by_hand.SuspensionRefused)
    story.twice(by_hand.resume, one, **cause, scope=STAFF, refused=by_hand.SuspensionRefused)
    subscription, refused = story.subscription("two"), grace.GraceRefused
    until = story.now + timedelta(days=9)
    story.twice(grace.exempt, subscription, until=until, **asked, scope=STAFF, refused=refused)
    story.twice(grace.lift, subscription, **asked, scope=STAFF, refused=refused)
    story.twice(grace.change_days, subscription, days=20, **asked, scope=STAFF, refused=refused)


def stopped(story: Story) -> None:
    """Of the ended two and three, three lives on for a while."""
    two, three = (story.instance(name) for name in ("two", "three"))
    story.twice(endings.stop, two.pk, now=story.now)
    story.twice(endings.run, now=story.now)
    with as_worker():
        mine = Subscription.objects.filter(pk=three.subscription_id)
        mine.update(state=Subscription.State.ACTIVE)
    story.twice(endings.reopen, now=story.now)
    with as_worker():
        mine.update(state=Subscription.State.CANCELED)
    story.twice(instances.tasks.wind_up)
    story.twice(instances.tasks.sweep)


def deleted(story: Story) -> None:
    """Two: by its steps; of three the last backup is taken."""
    provider: dict[str, Any] = {"provisioner": story.walk.provisioner, "now": story.now}
    with as_worker():
        row = Deletion.objects.ahead().get(instance__name="shop-two")
    story.twice(deletions.back_up, row.pk, **provider)
    story.twice(deletions.run, **provider)
    for days in DAYS_ON:
        story.twice(deletions.tell, row.pk, now=story.now + timedelta(days=days))
    last = story.now + timedelta(days=60)
    story.twice(deletions.begin, row.pk, now=last)
    story.twice(boots.end, row.instance_id, provisioner=story.walk.provisioner, now=last)
