"""What a member says before entering a customer's account, what a customer's person asks the partner, and what staff
say of grace.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.grace import MOST_DAYS
from customers.models import Cancellation
from instances.models import Ending
from ondemand import clock
from ondemand.staff import ReasonForm

LAST_SECOND = 4_102_444_800  # of the year 2099


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


class PlanForm(forms.Form):
    """Which plan to look at. `plans`: ids and labels of those that can be chosen."""

    plan = forms.ChoiceField(label=_("New plan"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, plans: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["plan"].choices = plans  # type: ignore[attr-defined]


class PlanConfirmation(PlanForm):
    """`at`: of which second (Unix) the amounts are that were shown."""

    plan = forms.ChoiceField(widget=forms.HiddenInput)
    at = forms.IntegerField(min_value=0, max_value=LAST_SECOND, widget=forms.HiddenInput)


class ExemptForm(ReasonForm):
    until = forms.DateField(
        label=_("Exempt until"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("Give the last day."), "invalid": _("Give a day, as 2027-03-31.")},
        help_text=_("The last day on which nothing is suspended for not paying, in the zone's time."),
    )
    field_order = ["until", "why"]

    def clean_until(self) -> datetime:
        """The end of that day."""
        try:
            ends = clock.midnight(self.cleaned_data["until"] + timedelta(days=1))
        except OverflowError:
            ends = None
        if ends is None or not clock.now() < ends < clock.now() + timedelta(days=2 * MOST_DAYS):
            raise forms.ValidationError(_("Give a day to come, within two years."))
        return ends


class GraceForm(ReasonForm):
    days = forms.IntegerField(
        label=_("Days of grace"),
        min_value=0,
        max_value=MOST_DAYS,
        help_text=_("From an invoice's date to the suspension of who has not paid it; usually 14."),
    )
    field_order = ["days", "why"]


class EndForm(ReasonForm):
    unpaid = forms.ChoiceField(
        label=_("Unpaid invoices"),
        choices=Ending.Unpaid.choices,
        widget=forms.RadioSelect,
        help_text=_("What was used until now is invoiced first, and is among them unless the card pays it."),
    )
    field_order = ["unpaid", "why"]


class CancelForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why do you leave?"),
        choices=Cancellation.Reason.choices,
        widget=forms.RadioSelect,
        help_text=_("Your partner reads it, and may have an answer."),
    )
    text = forms.CharField(
        label=_("In your own words"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
