"""Mails: claimed once by a key in the transaction of their cause, sent by a worker, kept as the mail log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from ondemand.backoff import MOST_TRIES, next_try
from ondemand.hints import hint
from ondemand.models import Mail, User
from ondemand.tenancy.context import as_worker


def queue(
    key: str,
    *,
    template: str,
    to: str,
    language: str,
    context: dict[str, Any],
    now: datetime,
    partner_id: int | None = None,
    customer_id: int | None = None,
    reply_to: str = "",
) -> None:
    """Queue the mail unless its key was used before. templates/mail/<template>.txt: subject, blank line, text."""
    with translation.override(language):
        subject, _, text = render_to_string(f"mail/{template}.txt", context).strip().partition("\n")
        html = render_to_string("mail/base.html", {"subject": subject, "text": text.strip()})
    mail = Mail(
        key=key,
        recipient=to,
        reply_to=reply_to,
        subject=subject.strip()[:200],
        text=text.strip(),
        html=html,
        partner_id=partner_id,
        customer_id=customer_id,
        created_at=now,
        next_try_at=now,
    )
    Mail.objects.bulk_create([mail], ignore_conflicts=True)
    hint("ondemand.tasks.send_mails")


def tell_staff(
    key: str,
    *,
    template: str,
    context: dict[str, Any],
    now: datetime,
    partner_id: int | None = None,
    customer_id: int | None = None,
) -> None:
    """The same mail to each of Openbravo's staff, in their language."""
    for staff in User.objects.filter(is_staff=True, is_active=True):
        queue(
            f"{key}-{staff.pk}",
            template=template,
            to=staff.email,
            language=staff.language,
            context=context,
            now=now,
            partner_id=partner_id,
            customer_id=customer_id,
        )


def send_due(*, now: datetime, limit: int = 50) -> int:
    """Send what is queued. A worker that dies between sending and noting sends that one mail twice."""
    with as_worker():
        ids = list(_due(now).values_list("pk", flat=True)[:limit])
    return sum(_send(pk, now) for pk in ids)


def _due(now: datetime) -> Any:
    return Mail.objects.filter(state=Mail.State.QUEUED, next_try_at__lte=now).order_by("next_try_at")


def _send(pk: int, now: datetime) -> bool:
    with as_worker():
        mail = _due(now).select_for_update(skip_locked=True).filter(pk=pk).first()
        if mail is None:
            return False
        try:
            _message(mail).send()
            mail.state, mail.sent_at, mail.error = Mail.State.SENT, now, ""
        except OSError as error:  # smtplib's errors among them
            mail.tries, mail.error = mail.tries + 1, str(error)
            mail.next_try_at = next_try(now, mail.tries)
            mail.state = Mail.State.FAILED if mail.tries >= MOST_TRIES else Mail.State.QUEUED
        mail.save()
    return bool(mail.state == Mail.State.SENT)


def _message(mail: Mail) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        mail.subject,
        mail.text,
        settings.DEFAULT_FROM_EMAIL,
        [mail.recipient],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers={"Message-ID": f"<mail-{mail.pk}.{settings.ZONE.lower()}@ondemand.invalid>"},
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message
