"""Staff suspend an instance and let it run again, each with a reason."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from instances.models import Brake, Instance, Suspension
from instances.services import suspensions
from ondemand.models import User

CAUSES = (Suspension.Cause.STAFF, Suspension.Cause.ABUSE)


class SuspensionRefused(Exception):
    """The message is for staff."""


def suspend(instance: Instance, cause: str, *, why: str, by: User, now: datetime) -> None:
    """Raises SuspensionRefused, also while the brake is closed."""
    if instance.state not in Instance.BOOTED:
        raise SuspensionRefused(_about(_("%(name)s cannot be suspended: it is %(state)s."), instance))
    if Brake.objects.in_force().exists():
        raise SuspensionRefused(_("Nothing is suspended while the brake is closed. Open it first."))
    if not suspensions.suspend(instance.pk, cause, reason=why, now=now, by=by):
        raise SuspensionRefused(_about(_("%(name)s is suspended for this cause already."), instance))


def resume(instance: Instance, cause: str, *, why: str, by: User, now: datetime) -> None:
    """Close the cause that staff opened. Raises SuspensionRefused."""
    if not suspensions.resume(instance.pk, cause, reason=why, now=now, by=by):
        raise SuspensionRefused(_about(_("%(name)s is not suspended for this cause."), instance))


def _about(sentence: str, instance: Instance) -> str:
    return sentence % {"name": instance.name, "state": instance.get_state_display()}
