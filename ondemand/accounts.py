"""How allauth behaves here, and the one-time links by which people choose a password."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from ondemand import clock, mail
from ondemand.digests import digest
from ondemand.models import RetiredName, User

# What allauth mails, by its name and ours; it mails nothing else here.
MAILS = {
    "account/email/password_reset_key": "password_reset",
    "account/email/email_confirmation": "email_confirmation",
}
# RFC 2142's mailboxes, and what hosts of a platform are usually called.
PLATFORM_NAMES = frozenset(
    "abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp info marketing sales support"
    " admin administrator api app assets auth autoconfig autodiscover backup billing blog cdn cloud console"
    " dashboard demo docs help imap localhost login mail mta openbravo ondemand pop portal root signup smtp"
    " staff static status test vpn webmail wpad".split()
)
TOO_OFTEN = ("too_many_login_attempts", "rate_limited")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Partners are enrolled by staff, customers come by a sign-up page."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """What is no address at all is not safe; allauth's own check fails at it."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """By the queue: a mail server that is slow or down keeps nobody waiting and tells nothing."""
        mail.queue(
            f"account-{secrets.token_hex(16)}",
            template=MAILS[template_prefix],
            to=email,
            language=context["user"].language,
            context=context,
            now=clock.now(),
        )

    def get_reset_password_from_key_url(self, key: str) -> str:
        return _reset_url(key)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return settings.ONDEMAND_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def validation_error(self, code: str, *args: Any) -> Any:
        """Whoever tries too often meets one page and status 429, whichever form it was."""
        if code in TOO_OFTEN:
            raise ImmediateHttpResponse(respond_429(self.request))
        return super().validation_error(code, *args)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """allauth looks at its own addresses alone; an account may have been made with this one meanwhile."""
        if User.objects.filter(email__iexact=email_address.email).exclude(pk=email_address.user_id).exists():
            messages.error(request, _("Another account has this address by now. Choose a different one."))
            return False
        return bool(super().confirm_email(request, email_address))


def person(*, email: str, username: str, name: str, language: str = "en", proven: bool = True) -> tuple[User, bool]:
    """The person with that e-mail address, made without a usable password where there is none; and whether made.

    `proven`: the way in is mailed to the address, so whoever comes has shown that it is theirs.
    """
    if known := User.objects.filter(email__iexact=email).first():
        return known, False
    first, _blank, last = name.partition(" ")
    made = User(email=email.lower(), username=username, language=language, first_name=first[:150], last_name=last[:150])
    made.set_unusable_password()
    made.save()
    EmailAddress.objects.create(user=made, email=made.email, verified=proven, primary=True)
    return made, True


def prove_address(user: User) -> bool:
    """The person followed a link that was mailed to the address: it is theirs. False where that was known.

    Whoever made the account with it may have kept other ways in, which go: other addresses, and factors.
    """
    if not EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=False).update(verified=True):
        return False
    EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
    Authenticator.objects.filter(user=user).delete()
    return True


def hand_over(user: User) -> None:
    """Before an account gets power: where nobody has shown that its address is theirs, its mail is the only way in."""
    if prove_address(user):
        user.set_unusable_password()
        user.save(update_fields=["password"])
        end_sessions(user)


def set_password_url(user: User) -> str:
    """A link that works once and expires (PASSWORD_RESET_TIMEOUT)."""
    return _reset_url(f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}")


def _reset_url(key: str) -> str:
    uid, token = key.split("-", 1)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
    return f"{settings.ONDEMAND_URL}{path}"


def free_username(base: str) -> str:
    """`base` (a host label), a number behind it where that is taken."""
    base = base[:34].rstrip("-")
    taken = set(User.objects.filter(username__startswith=base).values_list("username", flat=True))
    return next(name for n in range(len(taken) + 1) if (name := f"{base}-{n}" if n else base) not in taken)


def end_sessions(user: User) -> None:
    """Every session of the person, wherever it is kept, is worth nothing from the commit on."""
    User.objects.filter(pk=user.pk).update(session_round=F("session_round") + 1)


def retire_name(name: str, *, now: datetime) -> None:
    """Nobody gets it again: a link that somebody kept must not lead to another's instance."""
    RetiredName.objects.bulk_create([RetiredName(digest=_of_name(name), retired_at=now)], ignore_conflicts=True)


def is_withheld(name: str) -> bool:
    """Nobody may take it: it was somebody's, or as a host it would look like the platform's own."""
    return name.lower() in PLATFORM_NAMES or RetiredName.objects.filter(digest=_of_name(name)).exists()


def _of_name(name: str) -> str:
    return digest(f"name:{name.lower()}")
