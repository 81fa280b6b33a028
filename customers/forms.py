"""What a member says before entering a customer's account, and what a customer's person asks the partner."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class LoginAsForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=5,
        max_length=200,
        help_text=_("The customer reads it, by mail and in the account."),
    )


class HelpForm(forms.Form):
    """`instances`: the ids and names of those that may be asked about."""

    GENERAL = "other"

    message = forms.CharField(
        label=_("Message"),
        min_length=10,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("What you did, what happened, and what you expected."),
    )

    def __init__(self, *args: Any, instances: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if instances:
            choices = [*instances, (self.GENERAL, _("Something else"))]
            self.fields["instance"] = forms.ChoiceField(label=_("About"), choices=choices)
            self.order_fields(["instance", "message"])
