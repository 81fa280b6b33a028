"""What changes a person's access is mailed to the person, in the transaction of the deed.

By the signals of Django and allauth, whose deeds these are. Of an authenticator the row itself is watched: allauth
tells of a new one after the commit only, and of what staff do not at all.
"""

from __future__ import annotations

import secrets

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import on_add_email
from django.conf import settings
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ondemand import clock, mail
from ondemand.models import User
from ondemand.second_factor import FACTORS, has_factor

PASSWORD = _("Your password was changed.")
ADDRESS = _("Your e-mail address was changed. From now on you sign in with the new one.")
ADDED = _("A second factor was added: an authenticator app or a passkey.")
REMOVED = _("A second factor was removed: an authenticator app or a passkey.")
RENEWED = _("New recovery codes were made. The earlier ones work no more.")


def notify(user: User, what: Promise, *, to: str = "") -> None:
    """By mail to the person's address, or to an earlier one of theirs."""
    mail.queue(
        f"access-{user.pk}-{secrets.token_hex(8)}",
        template="access_changed",
        to=to or user.email,
        language=user.language,
        context={"what": what, "url": settings.ONDEMAND_URL + reverse("account_reset_password")},
        now=clock.now(),
    )


# allauth lets nobody who has a factor add an address, so that they could never change theirs. Here one that is not
# confirmed gives no way in.
account._add_email.disconnect(on_add_email)


@receiver([account.password_set, account.password_changed, account.password_reset])
def _password_changed(user: User, **told: object) -> None:
    notify(user, PASSWORD)


@receiver(account.email_changed)
def _address_changed(user: User, from_email_address: EmailAddress | None, **told: object) -> None:
    notify(user, ADDRESS, to=from_email_address.email if from_email_address else "")


@receiver(post_save, sender=Authenticator)
def _factor_saved(instance: Authenticator, created: bool, **told: object) -> None:
    if created and instance.type in FACTORS:
        notify(instance.user, ADDED)


@receiver(post_delete, sender=Authenticator)
def _factor_deleted(instance: Authenticator, **told: object) -> None:
    """allauth deletes recovery codes to renew them, and together with the last factor. Who is erased is not mailed."""
    user = instance.user
    if not user.is_active:
        return
    if instance.type in FACTORS:
        notify(user, REMOVED)
    elif has_factor(user):
        notify(user, RENEWED)
