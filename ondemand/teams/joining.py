"""Where a mailed link leads: an invited person accepts, with the account that there is or a new one.

Looking changes nothing, so that a mail scanner uses nothing up; only the button's POST accepts.
"""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
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
    seat: Any  # who was invited has one by now

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.find(kwargs["token"])
        if self.invitation is None or self.why_gone():
            answer: HttpResponseBase = self.gone(request)
        elif self.seat:
            answer = render(request, "teams/there.html", {"team": self.team.name, "seat": self.seat})
        else:
            answer = super().dispatch(request, *args, **kwargs)
        answer.headers["Referrer-Policy"] = "strict-origin"  # no-referrer would make the form's Origin null: refused
        return answer

    def find(self, token: str) -> None:
        with as_worker():
            self.invitation = self.side.invitations.objects.by_token(token).first()
            if self.invitation:
                self.team = self.side.invited_to(self.invitation)
                invited = User.objects.filter(email__iexact=self.invitation.email).first()
                self.known = invited is not None
                self.seat = self.side.seats.objects.filter(user=invited, **self.team.keys).first()

    def why_gone(self) -> str:
        """In words, for whoever was sent the link: nobody else has it. Empty while it works."""
        if self.invitation.accepted_at:
            return _("It was used already. Sign in with the address that it was mailed to.")
        if self.invitation.withdrawn_at:
            return _("It was withdrawn. If you think that is a mistake, ask who invited you for a new one.")
        if self.invitation.expires_at <= clock.now():
            return _("It expired after seven days. Ask who invited you to send it again.")
        return ""

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
            return self.lost(request, token)
        return self.entered(request, seat)

    def joined_anew(self, request: HttpRequest, token: str, form: JoinForm) -> HttpResponse:
        language = get_language() or settings.LANGUAGE_CODE
        try:
            with as_worker():
                seat = accept_as_new(self.team, token, **form.cleaned_data, language=language, now=clock.now())
        except InvitationGone:
            return self.lost(request, token)
        with tenant(Scope(Role.AUTH)):
            login(request, seat.user, backend=settings.AUTHENTICATION_BACKENDS[0])
            UserSession.objects.create_from_request(request)
        return self.entered(request, seat)

    def lost(self, request: HttpRequest, token: str) -> HttpResponse:
        """Another window was quicker, or the invitation was withdrawn while the page was open."""
        self.find(token)
        return self.gone(request)

    def gone(self, request: HttpRequest) -> HttpResponse:
        why = self.why_gone() if self.invitation else ""
        newer = _("The link is not whole, or a newer one was sent since: use the one in the newest mail.")
        return render(request, "teams/gone.html", {"why": why or newer}, status=404)

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
