"""How allauth behaves here: nobody registers by /accounts/signup/, and a person lands where they belong."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Partners are enrolled by staff, customers come by a sign-up page."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mails of /accounts/ are sent at once: their reader waits for them."""
        super().send_mail(template_prefix, email, context)
