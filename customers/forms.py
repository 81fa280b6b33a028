"""What a member says before entering a customer's account."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class LoginAsForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=5,
        max_length=200,
        help_text=_("The customer reads it, by mail and in the account."),
    )
