"""Where instances run: one interface, chosen by the setting PROVISIONER."""

from __future__ import annotations

from django.conf import settings

from instances.provisioners.base import Backup, Notice, Provisioner, ProvisionerError, Server, Step, Visitor, Wanted
from instances.provisioners.local import LocalPark

__all__ = ["Backup", "Notice", "Provisioner", "ProvisionerError", "Server", "Step", "Visitor", "Wanted", "provisioner"]


def provisioner() -> Provisioner:
    return LocalPark(settings.PARK_URL, settings.PARK_SECRET)
