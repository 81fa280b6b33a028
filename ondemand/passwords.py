"""A first password, chosen by who has none yet; and another, by a mailed link."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordKeyForm
from allauth.account.models import EmailAddress
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ondemand.accounts import prove_address


class FirstPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least eight characters, not only digits, nothing common."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if "\x00" in password:
            raise ValidationError(_("The password holds a character that cannot be used."))
        validate_password(password, self.user)
        return password


class MailedPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]
    """Who came by the link reads the account's mail; of several addresses it is not known at which."""

    def save(self) -> None:
        super().save()
        if EmailAddress.objects.filter(user=self.user).count() == 1:
            prove_address(self.user)
