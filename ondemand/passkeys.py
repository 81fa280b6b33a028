"""What a browser answers for a passkey, read without failing: allauth takes `false` for one, and enrols it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django import forms
from django.forms.fields import InvalidJSONInput

# What the libraries raise at bytes that no authenticator made.
BROKEN = (AttributeError, LookupError, TypeError, ValueError, struct.error, InvalidSignature)

UNREADABLE = (RecursionError, ValueError)  # endless nesting, endless numbers


def understood(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except BROKEN as broken:
        raise get_adapter().validation_error("incorrect_code") from broken


class CredentialField(forms.JSONField):
    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except UNREADABLE:
            found = None
        if not isinstance(found, dict):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value})
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except UNREADABLE:
            return InvalidJSONInput(data)


class PasskeyForm(forms.Form):
    credential = CredentialField()


class AddPasskeyForm(PasskeyForm, AddWebAuthnForm):  # type: ignore[misc]
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = understood(super().clean)
        return cleaned


class AuthenticatePasskeyForm(PasskeyForm, AuthenticateWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Any:
        return understood(super().clean_credential)


class LoginPasskeyForm(PasskeyForm, LoginWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Any:
        return understood(super().clean_credential)


class ReauthenticatePasskeyForm(PasskeyForm, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Any:
        return understood(super().clean_credential)
