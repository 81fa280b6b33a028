"""Mails to whoever signs up; answers go to the partner."""

from __future__ import annotations

from datetime import datetime

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
