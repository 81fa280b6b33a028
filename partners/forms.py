"""What staff type to enrol a partner."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.models import CODE
from partners.services import Enrolment


class EnrolmentForm(forms.Form):
    code = forms.CharField(
        label=_("Code"), max_length=24, validators=[CODE], help_text=_("Part of the partner's addresses; it stays.")
    )
    name = forms.CharField(label=_("Name"), max_length=100)
    country = forms.RegexField(r"^[A-Z]{2}$", label=_("Country"), help_text=_("Two capital letters, such as ES."))
    owner_name = forms.CharField(label=_("Owner's name"), max_length=100)
    owner_email = forms.EmailField(label=_("Owner's e-mail"), max_length=254)
    both = forms.BooleanField(label=_("Enrol on the other platform too"), required=False)

    @property
    def enrolment(self) -> Enrolment:
        return Enrolment(**{name: self.cleaned_data[name] for name in Enrolment.__dataclass_fields__})
