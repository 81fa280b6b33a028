"""What is said before data are erased."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SureForm(forms.Form):
    sure = forms.BooleanField(
        label=_("I know that nothing brings it back."),
        error_messages={"required": _("Say so, and it goes on.")},
    )


class ErasureForm(SureForm):
    """Of staff."""

    field_order = ["reason", "sure"]
    reason = forms.CharField(
        label=_("Reason"),
        min_length=5,
        max_length=200,
        help_text=_("Who asked for it, and how; without names: this stays when everything else is gone."),
    )
