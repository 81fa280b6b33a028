"""The first step of a sign-up, in a frame on a partner's own site: without a cookie; what follows leaves the frame."""

from __future__ import annotations

from csp.constants import SELF
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ondemand import clock
from signup import services
from signup.forms import FirstStepForm, RegistrationForm
from signup.views import Page, open_page, show_form


@login_not_required
@csrf_exempt  # no cookie here to tell a forgery by; the form's stamp is signed for the page, and nothing is written
@require_http_methods(["GET", "HEAD", "POST"])
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    page = open_page(slug)
    if page is None or not page.plans:
        return render(request, "signup/closed.html", {}, status=404)
    return _go_on(request, page) if request.method == "POST" else _framed(request, page)


def _framed(request: HttpRequest, page: Page) -> HttpResponse:
    """In a frame on the campaign's origins alone, and on our own Sign Up Pages as a preview."""
    form = FirstStepForm(plans=page.plans, slug=page.campaign.slug, now=clock.now())
    response = _first_step(request, page, form)
    response._csp_replace = {"frame-ancestors": [SELF, *page.campaign.allowed_origins]}  # type: ignore[attr-defined]
    response.xframe_options_exempt = True
    return response


def _go_on(request: HttpRequest, page: Page) -> HttpResponse:
    """At the top of the window, by our own headers: the whole form, with what was typed."""
    now, slug = clock.now(), page.campaign.slug
    first = FirstStepForm(request.POST, plans=page.plans, slug=slug, now=now)
    if not first.is_valid():
        return _first_step(request, page, first)
    services.count_visit(page.campaign, now=now)
    typed = first.cleaned_data | {"plan": first.cleaned_data["plan"].pk}
    return show_form(request, page, RegistrationForm(initial=typed, plans=page.plans, slug=slug, now=now))


def _first_step(request: HttpRequest, page: Page, form: FirstStepForm) -> HttpResponse:
    context = page.context | {"form": form, "action": page.campaign.embed_url}
    return render(request, "signup/embed.html", context, status=422 if form.errors else 200)
