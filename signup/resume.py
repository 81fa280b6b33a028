"""Back into a sign-up that was left, by its reminder's link. A GET changes nothing: scanners follow links."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ondemand import clock
from ondemand.gateway.errors import GatewayError
from ondemand.tenancy.marker import outside_transaction
from signup.models import SignUp
from signup.services import AlreadyPaid, UsernameTaken, leaving, open_checkout, registration
from signup.services.registration import PAID
from signup.views import completed, keep_ticket


@login_not_required
@outside_transaction
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest, token: str) -> HttpResponse:
    signup = leaving.signup_of(token)
    if signup is None:
        return render(request, "signup/closed.html", {}, status=404)
    if signup.state in PAID:
        return redirect("signup-progress", signup.public_id)
    if request.method == "POST" and signup.state in SignUp.OPEN:
        return _stopped(request, signup) if "stop" in request.POST else _go_on(request, signup)
    return _page(request, signup)


def _page(request: HttpRequest, signup: SignUp, *, status: int = 200) -> HttpResponse:
    context = {"signup": signup, "open": signup.state in SignUp.OPEN, "again_url": signup.campaign.path}
    return render(request, "signup/resume.html", context, status=status)


def _go_on(request: HttpRequest, signup: SignUp) -> HttpResponse:
    now = clock.now()
    try:
        started, ticket = registration.resume(signup, now=now)
        return keep_ticket(HttpResponseRedirect(open_checkout(started, now=now), status=303), ticket)
    except AlreadyPaid as paid:
        return completed(request, paid.signup, now)
    except UsernameTaken:
        messages.error(request, _("The username was taken meanwhile. Begin again with another one."))
    except GatewayError:
        messages.error(
            request, _("The payment page cannot be reached right now. Nothing was charged; try again in a minute.")
        )
    return _page(request, signup, status=422)


def _stopped(request: HttpRequest, signup: SignUp) -> HttpResponse:
    leaving.stop(signup, now=clock.now())
    messages.success(request, _("Your registration is ended, and we will not remind you again."))
    return redirect(request.path)
