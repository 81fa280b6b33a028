"""Where a mailed link leads: an invited person accepts, with the account that there is or a new one.

Looking changes nothing, so that a mail scanner uses nothing up; only the button's POST accepts.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache

from ondemand import clock
from ondemand.models import User
from ondemand.scopes import person_of
from ondemand.teams.changes import InvitationGone, Team, accept, accept_as_new
from ondemand.teams.forms import JoinForm
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.marker import outside_transaction
from ondemand.tenancy.roles import Role


@method_decorator(login_not_required, name="dispatch")
class Join(View):
    side: Any = None  # a Side, given to as_view
    invitation: Any
    team: Team
    known: bool

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with as_worker():
            self.invitation = self.side.invitations.objects.open(clock.now()).by_token(kwargs["token"]).first()
            if self.invitation:
                self.team = self.side.invited_to(self.invitation)
                self.known = User.objects.filter(email__iexact=self.invitation.email).exists()
        answer = super().dispatch(request, *args, **kwargs) if self.invitation else _gone(request)
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.shown(request, None if self.known else JoinForm(user=None))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        if self.is_theirs(request):
            return self.joined(request, token)
        if self.known:
            return redirect(request.path)
        form = JoinForm(request.POST, user=User(email=self.invitation.email))
        return self.joined_anew(request, token, form) if form.is_valid() else self.shown(request, form)

    def is_theirs(self, request: HttpRequest) -> bool:
        here = request.user.is_authenticated and person_of(request).email.lower()
        return bool(here == self.invitation.email.lower())

    def joined(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            with as_worker():
                seat = accept(self.team, token, user=person_of(request), now=clock.now())
        except InvitationGone:
            return _gone(request)
        return self.entered(request, seat)

    def joined_anew(self, request: HttpRequest, token: str, form: JoinForm) -> HttpResponse:
        language = get_language() or settings.LANGUAGE_CODE
        try:
            with as_worker():
                seat = accept_as_new(self.team, token, **form.cleaned_data, language=language, now=clock.now())
        except InvitationGone:
            return _gone(request)
        with tenant(Scope(Role.AUTH)):
            login(request, seat.user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return self.entered(request, seat)

    def entered(self, request: HttpRequest, seat: Any) -> HttpResponse:
        request.session[self.side.kept_as] = seat.pk
        messages.success(request, _("You have joined %(team)s.") % {"team": self.team.name})
        return redirect(self.side.landing)

    def shown(self, request: HttpRequest, form: JoinForm | None) -> HttpResponse:
        context = {
            "team": self.team.name,
            "email": self.invitation.email,
            "role": self.invitation.get_role_display(),
            "form": form,
            "theirs": self.is_theirs(request),
            "login_url": f"{reverse('account_login')}?{urlencode({'next': request.path})}",
        }
        return render(request, "teams/join.html", context, status=422 if form and form.errors else 200)


outside_transaction(Join.dispatch)


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "teams/gone.html", {}, status=404)
