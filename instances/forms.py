"""What staff say when they suspend an instance or let it run again."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from instances.services.by_hand import CAUSES
from ondemand.staff import ReasonForm


class CauseForm(ReasonForm):
    cause = forms.ChoiceField(
        label=_("Cause"),
        choices=[(cause.value, cause.label) for cause in CAUSES],
        error_messages={"invalid_choice": _("Choose one of the causes."), "required": _("Choose one of the causes.")},
    )
    field_order = ["cause", "why"]
