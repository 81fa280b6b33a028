"""What tells people from programs: a field that people do not see, and how long the form was open."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core import signing
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

SIGNER = signing.Signer(salt="signup.stamp")
GOOD_FOR = timedelta(days=1)
SENT_AT_ONCE = _("This was sent at once, as programs do. Look it over and send it again.")
OPEN_TOO_LONG = _("This page was open for too long. What you typed is still here: send it again.")
TRAPPED = _("A field that people do not see was filled in, as programs do. It is empty again: send the form once more.")


class Age(Enum):
    GOOD = "good"
    EARLY = "early"
    WRONG = "wrong"  # too old, of another page, or not ours


def make_stamp(slug: str, now: datetime) -> str:
    """Signed for one page: when its form was shown."""
    return SIGNER.sign(f"{slug} {now.isoformat()}")


def age_of(stamp: str, slug: str, now: datetime) -> Age:
    try:
        page, _blank, shown = SIGNER.unsign(stamp).partition(" ")
    except signing.BadSignature:
        return Age.WRONG
    age = now - datetime.fromisoformat(shown)
    if page != slug or age > GOOD_FOR:
        return Age.WRONG
    return Age.EARLY if age < timedelta(seconds=settings.SIGNUP_SECONDS_MINIMUM) else Age.GOOD


class GuardedForm(forms.Form):
    """`slug` is the page that the form belongs to. What is refused keeps all that was typed."""

    website = forms.CharField(
        label=_("Leave this field empty"),
        required=False,
        widget=forms.TextInput(attrs={"class": "trap", "tabindex": "-1", "autocomplete": "off"}),
    )
    stamp = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, *args: Any, slug: str, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slug, self.now = slug, now
        self.initial["stamp"] = make_stamp(slug, now)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        age = age_of(data.get("stamp", ""), self.slug, self.now)
        if age is Age.EARLY:
            self.add_error(None, SENT_AT_ONCE)
        if age is Age.WRONG:
            self.add_error(None, OPEN_TOO_LONG)
            self._put("stamp", make_stamp(self.slug, self.now))
        if data.get("website"):
            self.add_error(None, TRAPPED)
            self._put("website", "")
        return data

    def _put(self, name: str, value: str) -> None:
        changed = cast(QueryDict, self.data).copy()
        changed[name] = value
        self.data = changed
