"""What becomes of a sign-up, step by step; and the first password, chosen there."""

from __future__ import annotations

from uuid import UUID

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from instances.models import Instance
from instances.words import read
from ondemand import clock
from ondemand.models import User
from ondemand.passwords import FirstPasswordForm
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.marker import outside_transaction
from ondemand.tenancy.roles import Role
from partners.models import Campaign
from signup import services
from signup.models import SignUp
from signup.views import Page, open_page, read_ticket, support

WITHOUT_INSTANCE = {
    SignUp.State.REVIEW: "checking",
    SignUp.State.EXPIRED: "expired",
    SignUp.State.REFUSING: "refused",
    SignUp.State.REFUSED: "refused",
}


@login_not_required
@outside_transaction
@require_safe
def progress(request: HttpRequest, public_id: UUID) -> HttpResponse:
    with tenant(Scope(Role.SIGNUP, signup_id=str(public_id))):
        found = SignUp.objects.select_related("plan__product").filter(public_id=public_id).first()
        instance = _instance(found)
        page = open_page(found.campaign.slug) if found and _is_open(found) else None
    if found is None:
        return render(request, "signup/closed.html", {}, status=404)
    form = FirstPasswordForm(user=None) if _may_choose(request, found) else None
    return _progress_page(request, found, instance, page, form)


def _is_open(signup: SignUp) -> bool:
    return Campaign.objects.filter(pk=signup.campaign_id).exists()


def _instance(signup: SignUp | None) -> Instance | None:
    if signup is None or signup.instance_id is None:
        return None
    shown = ("id", "name", "product_id", "plan_id", "state", "address", "steps", "boot_started_at", "running_at")
    return Instance.objects.only(*shown).filter(pk=signup.instance_id).first()


def _may_choose(request: HttpRequest, signup: SignUp) -> bool:
    ticket = read_ticket(request)
    unchosen = signup.password_chosen_at is None and signup.ordered_by is None and signup.user_id is not None
    return bool(unchosen and ticket and ticket.public_id == signup.public_id and services.holds(signup, ticket))


def _progress_page(
    request: HttpRequest, signup: SignUp, instance: Instance | None, page: Page | None, form: FirstPasswordForm | None
) -> HttpResponse:
    state = _state(signup, instance)
    steps = _steps(signup, instance)
    done = sum(1 for step in steps if step["state"] == "done")
    context = {
        "brand": {"name": page.partner.name} if page else None,
        "support": support(page.partner) if page else None,
        "state": state,
        "steps": steps,
        "percent": 100 * done // len(steps),
        "estimate": _estimate() if state == "going" else "",
        "email": signup.email,
        "address": instance.address if instance else "",
        "failure": _failure(),
        "password_form": form,
        "password_action": reverse("signup-password", args=[signup.public_id]),
        "again_url": page.campaign.path if page and _may_begin_again(signup) else "",
        "refused_by_staff": bool(signup.doubts),
    }
    return render(request, "signup/progress.html", context, status=422 if form and form.errors else 200)


def _may_begin_again(signup: SignUp) -> bool:
    undone = signup.state in (SignUp.State.REFUSING, SignUp.State.REFUSED)
    return signup.state == SignUp.State.EXPIRED or (undone and not signup.doubts)


def _state(signup: SignUp, instance: Instance | None) -> str:
    if signup.state in WITHOUT_INSTANCE:
        return WITHOUT_INSTANCE[SignUp.State(signup.state)]
    if instance is None:
        return "going"
    return {Instance.State.RUNNING: "ready", Instance.State.FAILED: "failed"}.get(
        Instance.State(instance.state), "going"
    )


def _steps(signup: SignUp, instance: Instance | None) -> list[dict[str, str]]:
    """The registration, the card, then the boot's own steps."""
    held = signup.state == SignUp.State.REVIEW
    accepted = held or signup.state == SignUp.State.COMPLETED
    steps = [
        {"label": _("Registered"), "state": "done", "note": ""},
        {"label": _("Card accepted"), "state": "done" if accepted else "now", "note": ""},
        *([{"label": _("Order checked"), "state": "now", "note": _("up to one working day")}] if held else []),
    ]
    names = {"pending": "", "running": "now", "done": "done", "failed": "failed"}
    boot = instance.steps if instance else []
    steps += [{"label": read(step["label"]), "state": names.get(step["state"], ""), "note": ""} for step in boot]
    running = instance is not None and instance.state == Instance.State.RUNNING
    return [*steps, {"label": _("Running"), "state": "done" if running else "", "note": ""}]


def _estimate() -> str:
    seconds = services.usual_boot_seconds()
    if seconds is None:
        return _("Usually about five minutes.")
    if seconds < 90:
        text = ngettext("Usually about %(count)d second.", "Usually about %(count)d seconds.", seconds)
        return text % {"count": seconds}
    minutes = round(seconds / 60)
    return ngettext("Usually about %(count)d minute.", "Usually about %(count)d minutes.", minutes) % {"count": minutes}


def _failure() -> dict[str, str]:
    return {
        "what": _("Your instance did not start."),
        "next": _("Our staff have been told and are on it. We mail you as soon as it runs; you need do nothing."),
    }


@login_not_required
@outside_transaction
@require_POST
def password(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The first password, once, in the browser that signed up; then the person is signed in."""
    now = clock.now()
    with as_worker():
        found = SignUp.objects.select_related("plan__product").filter(public_id=public_id).first()
        owner = User.objects.filter(pk=found.user_id).first() if found and found.user_id else None
    if found is None or owner is None or not _may_choose(request, found):
        messages.error(
            request, _("The password was chosen already. Sign in, or ask for a link by “Forgot your password?”")
        )
        return redirect("signup-progress", public_id)
    form = FirstPasswordForm(request.POST, user=owner)
    if not form.is_valid():
        with tenant(Scope(Role.SIGNUP, signup_id=str(public_id))):
            instance, page = _instance(found), open_page(found.campaign.slug) if _is_open(found) else None
        return _progress_page(request, found, instance, page, form)
    if chosen := services.choose_password(found, form.cleaned_data["password"], now=now):
        with tenant(Scope(Role.AUTH)):
            login(request, chosen, backend=settings.AUTHENTICATION_BACKENDS[0])
            UserSession.objects.create_from_request(request)
        messages.success(request, _("Your password is set, and you are signed in."))
    return redirect("signup-progress", public_id)
