"""What allauth's pages about one's own access lack: a last factor stays where it is needed; one session is ended."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST


class RemoveKey(RemoveWebAuthnView):  # type: ignore[misc]
    """allauth's own removes the last one too."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._refused() or super().get(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        return self._refused() or super().form_valid(form)

    def _refused(self) -> HttpResponse | None:
        adapter = get_adapter()
        if adapter.can_delete_authenticator(self.get_object()):
            return None
        messages.error(self.request, str(adapter.error_messages["cannot_delete_authenticator"]))
        return redirect("mfa_list_webauthn")


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """One of one's own; ending this one is signing out."""
    end_sessions(request, [get_object_or_404(UserSession, pk=pk, user_id=request.user.pk)])
    messages.success(request, _("That session has ended."))
    return redirect("usersessions_list")
