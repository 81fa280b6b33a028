"""The pages of a team: who belongs to it, whom it waits for, and one person's role and state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from ondemand import clock
from ondemand.portal.detail import Rows, first_rows
from ondemand.scopes import TenantRequest, person_of
from ondemand.teams import changes
from ondemand.teams.changes import Refused, Team, TooOften
from ondemand.teams.forms import InviteForm, RoleForm
from ondemand.teams.sides import Side
from ondemand.teams.tables import SeatTable
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.marker import outside_transaction
from ondemand.tenancy.roles import Role

MOST_ROWS = 500


class TeamView(View):
    """Rows are looked up as the tenant, behind its walls; what is changed is changed as the worker."""

    side: Any = None  # a Side, given to as_view

    @outside_transaction
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.side.owners_only(request)
        return super().dispatch(request, *args, **kwargs)

    def find(self, request: HttpRequest, kind: Any, pk: int) -> tuple[Team, Any]:
        """Raises Http404 for another tenant's."""
        with tenant(cast(TenantRequest, request).tenancy):
            team = self.side.team_of(request)
            rows = kind.objects.select_related("user") if kind is self.side.seats else kind.objects.all()
            return team, get_object_or_404(rows, pk=pk, **team.keys)

    def do(self, request: HttpRequest, change: Callable[..., None], *given: Any, said: Any, **named: Any) -> int:
        """The status of the answer: 302, or why it was refused."""
        try:
            with as_worker():
                change(*given, actor=person_of(request), now=clock.now(), **named)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return 429 if isinstance(refusal, TooOften) else 422
        messages.success(request, str(said))
        return 302


class TeamPage(TeamView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.shown(request, InviteForm(roles=self.side.roles))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InviteForm(request.POST, roles=self.side.roles)
        if not form.is_valid():
            return self.shown(request, form)
        with tenant(cast(TenantRequest, request).tenancy):
            team = self.side.team_of(request)
        said = _("%(email)s was invited.") % {"email": form.cleaned_data["email"]}
        status = self.do(request, changes.invite, team, said=said, **form.cleaned_data)
        return redirect(self.side.prefix) if status == 302 else self.shown(request, form, status)

    def shown(self, request: HttpRequest, form: InviteForm, status: int = 422) -> HttpResponse:
        """`status` is that of a form which is not accepted."""
        with tenant(cast(TenantRequest, request).tenancy):
            context = self.context(request, self.side.team_of(request)) | {"form": form}
            return render(request, "teams/page.html", context, status=status if form.is_bound else 200)

    def context(self, request: HttpRequest, team: Team) -> dict[str, Any]:
        seats = self.side.seats.objects.filter(**team.keys).select_related("user")
        waiting = self.side.invitations.objects.filter(**team.keys).pending().order_by("-created_at", "-pk")
        return {
            "side": self.side,
            "section": Rows(self.side.title, first_rows(SeatTable, seats, MOST_ROWS)),
            "invitations": [self.row(invitation) for invitation in waiting],
            "form_action": reverse(self.side.prefix),
            "read_only": cast(TenantRequest, request).tenancy.read_only,
        }

    def row(self, invitation: Any) -> dict[str, Any]:
        return {
            "email": invitation.email,
            "role": invitation.get_role_display(),
            "expires_at": invitation.expires_at,
            "expired": invitation.expires_at <= clock.now(),
            "resend": reverse(f"{self.side.prefix}-resend", args=[invitation.pk]),
            "withdraw": reverse(f"{self.side.prefix}-withdraw", args=[invitation.pk]),
        }


class SeatPage(TeamView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        _team, seat = self.find(request, self.side.seats, pk)
        return self.shown(request, seat, RoleForm(roles=self.side.roles, initial={"role": seat.role}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        team, seat = self.find(request, self.side.seats, pk)
        form = RoleForm(request.POST, roles=self.side.roles)
        if not form.is_valid():
            return self.shown(request, seat, form, status=422)
        role = form.cleaned_data["role"]
        self.do(request, changes.change_role, team, seat, role, said=_("The role was changed."))
        return redirect(self.side.prefix)

    def shown(self, request: HttpRequest, seat: Any, form: RoleForm, status: int = 200) -> HttpResponse:
        verb = "disable" if seat.active else "enable"
        context = {
            "side": self.side,
            "seat": seat,
            "form": form,
            "list_url": reverse(self.side.prefix),
            "role_action": reverse(f"{self.side.prefix}-seat", args=[seat.pk]),
            "state_action": reverse(f"{self.side.prefix}-{verb}", args=[seat.pk]),
            "read_only": cast(TenantRequest, request).tenancy.read_only,
        }
        with tenant(cast(TenantRequest, request).tenancy):
            return render(request, "teams/seat.html", context, status=status)


class Act(TeamView):
    """A button: one change of one row. `kind` names the side's rows; `said` is the answer."""

    http_method_names = ["post"]
    kind = ""
    change: Any = None
    said: Any = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        team, row = self.find(request, getattr(self.side, self.kind), pk)
        status = self.do(request, self.change, team, row, said=self.said)
        return render(request, "429.html", status=429) if status == 429 else redirect(self.side.prefix)


class Leave(View):
    """Everybody's own word, owner or not."""

    side: Any = None

    @outside_transaction
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.seat = self.side.own_seat(request)
        with tenant(cast(TenantRequest, request).tenancy):
            self.team: Team = self.side.team_of(request)
            self.last_owner = changes.is_last_owner(self.team, self.seat)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.shown(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            with as_worker():
                changes.leave(self.team, self.seat, actor=person_of(request), now=clock.now())
        except Refused:
            self.last_owner = True
            return self.shown(request, status=422)
        with tenant(Scope(Role.AUTH)):
            logout(request)
        messages.success(request, _("You have left %(team)s.") % {"team": self.team.name})
        return redirect("account_login")

    def shown(self, request: HttpRequest, status: int = 200) -> HttpResponse:
        context = {
            "team": self.team.name,
            "last_owner": self.last_owner,
            "team_url": reverse(self.side.prefix),
            "back_url": reverse(self.side.landing),
        }
        with tenant(cast(TenantRequest, request).tenancy):
            return render(request, "teams/leave.html", context, status=status)


class Switch(View):
    """Another seat of one's own, from whichever page. Forms of the seat before, in other tabs, are refused."""

    http_method_names = ["post"]
    side: Any = None

    @outside_transaction
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        with as_worker():
            mine = self.side.seats.objects.filter(pk=pk, user=person_of(request), active=True)
            if not mine.update(used_at=clock.now()):
                raise Http404
        request.session[self.side.kept_as] = pk
        rotate_token(request)
        return redirect(self.side.landing)


ACTS: tuple[tuple[str, str, Callable[..., None], Any], ...] = (
    ("disable", "seats", changes.disable, gettext_lazy("Disabled, and signed out everywhere.")),
    ("enable", "seats", changes.enable, gettext_lazy("Enabled again.")),
    ("resend", "invitations", changes.resend, gettext_lazy("A new link was sent; the earlier one is dead.")),
    ("withdraw", "invitations", changes.withdraw, gettext_lazy("The invitation was withdrawn.")),
)


def addresses(side: Side, at: str) -> list[URLPattern]:
    """The team's pages below `at`, named after the side's prefix."""
    places = {"seats": "<int:pk>", "invitations": "invitations/<int:pk>"}
    return [
        path(f"{at}", TeamPage.as_view(side=side), name=side.prefix),
        path(f"{at}leave/", Leave.as_view(side=side), name=f"{side.prefix}-leave"),
        path(f"{at}<int:pk>/switch/", Switch.as_view(side=side), name=f"{side.prefix}-switch"),
        path(f"{at}<int:pk>/", SeatPage.as_view(side=side), name=f"{side.prefix}-seat"),
        *(
            path(
                f"{at}{places[kind]}/{verb}/",
                Act.as_view(side=side, kind=kind, change=change, said=said),
                name=f"{side.prefix}-{verb}",
            )
            for verb, kind, change, said in ACTS
        ),
    ]
