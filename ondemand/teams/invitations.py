"""An invitation: a one-time secret that goes out by mail and of which only the SHA-256 is kept."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ondemand.digests import digest

LIFETIME = timedelta(days=7)


def new_token() -> str:
    """256 bits, in characters that need no escape in a URL."""
    return secrets.token_urlsafe(32)


class InvitationQuerySet(models.QuerySet[Any]):
    def pending(self) -> Self:
        """Neither accepted nor withdrawn; also those that have expired."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def open(self, now: datetime) -> Self:
        return self.pending().filter(expires_at__gt=now)

    def by_token(self, token: str) -> Self:
        return self.filter(token_hash=digest(token))


class BaseInvitation(models.Model):
    """`email` in lower case. Sent again, it has a new secret, and the earlier link is dead."""

    email = models.EmailField(_("e-mail"))
    token_hash = models.CharField(max_length=64)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(_("expires"))
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        abstract = True
