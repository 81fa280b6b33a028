"""What the platform and its provider of servers write down in English, and everyone reads in their own language."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

EVENTS: Final = (
    _("The instance was ordered."),
    _("The boot began."),
    _("The address answered."),
    _("The instance is running."),
    _("The boot took longer than its deadline."),
    _("The boot was tried again."),
    _("The instance is being suspended."),
    _("The instance is suspended."),
    _("The instance is resuming."),
    _("The instance runs again."),
    _("The subscription has ended; so does the instance."),
    _("The last backup was taken."),
    _("The instance is being deleted, as was foretold."),
    _("The instance has ended."),
    _("The boot failed"),
    _("The plan changed"),
)
STEPS: Final = (
    _("Virtual server"),
    _("Network and address"),
    _("Database"),
    _("Activation key"),
    _("HTTPS"),
    _("Backup"),
    _("Heartbeat"),
)
OUTCOMES: Final = (
    _("2 cores, 4 GB of memory, 40 GB of disk"),
    _("The address answers from outside"),
    _("PostgreSQL, empty, with its own password"),
    _("Installed and started"),
    _("Installed"),
    _("Certificate issued"),
    _("First backup taken"),
    _("Switched on"),
    _("The provider gave no answer in time"),
    _("the provider gave no answer in time."),
)


def read(text: str) -> str:
    """A stored text, or each part of it between colons, in the reader's language; what is not known stays."""
    return ": ".join(gettext(part) if part else "" for part in text.split(": "))
