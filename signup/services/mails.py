"""Mails to whoever signs up, whose answers go to the partner; and to staff, who decide."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from ondemand import mail
from signup.models import SignUp


def tell(signup: SignUp, what: str, *, now: datetime, url: str = "") -> None:
    """templates/mail/signup_<what>.txt, once per attempt. `url`: the page it leads to, else the progress page."""
    mail.queue(
        f"signup-{signup.pk}-{signup.attempt}-{what}",
        template=f"signup_{what}",
        to=signup.email,
        language=signup.language,
        context={"signup": signup, "url": url or signup.progress_url},
        now=now,
        partner_id=signup.partner_id,
        reply_to=signup.campaign.partner.support_email,
    )


def ask_staff(signup: SignUp, *, now: datetime) -> None:
    """To release or to refuse a sign-up that is held, once per attempt."""
    place = reverse("admin:signup_signup_change", args=[signup.pk])
    mail.tell_staff(
        f"signup-{signup.pk}-{signup.attempt}-review",
        template="signup_review",
        context={"signup": signup, "url": f"{settings.ONDEMAND_URL}{place}"},
        now=now,
        partner_id=signup.partner_id,
    )
