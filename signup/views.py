"""The public sign-up page, the way back from the card, and the progress page."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers.models import Customer
from instances.models import Instance
from ondemand import clock
from ondemand.gateway.errors import GatewayError
from ondemand.models import User
from ondemand.money import Money
from ondemand.scopes import TenantRequest
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.marker import outside_transaction
from ondemand.tenancy.roles import Role
from partners.models import Campaign, Partner, Plan
from signup import services
from signup.forms import FirstPasswordForm, OrderForm, RegistrationForm, price_lines
from signup.models import SignUp
from signup.services import Registration, Ticket, UsernameTaken

TICKET_COOKIE = f"ondemand_{settings.ZONE.lower()}_signup"
TICKET_SECONDS = 7 * 24 * 3600
VISIT = """
INSERT INTO signup_pagevisits AS v (partner_id, campaign_id, day, visits) VALUES (%s, %s, %s, 1)
ON CONFLICT (partner_id, campaign_id, day) DO UPDATE SET visits = v.visits + 1"""


class Page:
    """An open campaign with what its page shows."""

    def __init__(self, campaign: Campaign, partner: Partner, plans: list[Plan]) -> None:
        self.campaign, self.partner, self.plans = campaign, partner, plans

    @property
    def context(self) -> dict[str, Any]:
        return {
            "brand": {"name": self.partner.name},
            "page": {"title": self.campaign.product.name, "text": self.campaign.product.description},
            "prices": [
                {"plan": plan.name, "monthly": Money(plan.base, plan.currency), "lines": price_lines(plan)}
                for plan in self.plans
            ],
            "action": self.campaign.path,
            "support": support(self.partner),
        }


def support(partner: Partner) -> dict[str, str]:
    return {"name": partner.name, "email": partner.support_email, "phone": partner.support_phone}


def open_page(slug: str) -> Page | None:
    """Read as portal_signup, to whom a page that is not open does not exist."""
    campaign = Campaign.objects.select_related("product").filter(slug=slug, product__active=True).first()
    if campaign is None:
        return None
    shown = Partner.objects.only("id", "code", "name", "country", "state", "support_email", "support_phone")
    plans = Plan.objects.filter(product=campaign.product, active=True).exclude(stripe_gb_price="")
    return Page(campaign, shown.get(pk=campaign.partner_id), list(plans.select_related("product")))


@login_not_required
@outside_transaction
@require_http_methods(["GET", "HEAD", "POST"])
def signup(request: HttpRequest, slug: str) -> HttpResponse:
    now = clock.now()
    with tenant(Scope(Role.SIGNUP)):
        page = open_page(slug)
        if page and request.method == "GET":
            _count_visit(page.campaign, now)
        if page is None or not page.plans:
            return render(request, "signup/closed.html", {}, status=404)
        form = _form(request, page)
        if request.method != "POST" or not form.is_valid():
            return _shown(request, page, form)
    return _submit(request, page, form, now)


def _count_visit(campaign: Campaign, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(VISIT, [campaign.partner_id, campaign.pk, clock.business_day(now)])


def _form(request: HttpRequest, page: Page) -> OrderForm:
    kind = OrderForm if _customer_of(request, page) else RegistrationForm
    return kind(request.POST if request.method == "POST" else None, plans=page.plans)


def _customer_of(request: HttpRequest, page: Page) -> int | None:
    """The signed-in person's customer, where it is this partner's: it orders another instance."""
    known = cast(TenantRequest, request).person
    return known.customer_id if known and known.partner_id == page.partner.pk else None


def _shown(request: HttpRequest, page: Page, form: OrderForm) -> HttpResponse:
    return render(request, "signup/form.html", page.context | {"form": form}, status=422 if form.errors else 200)


def _submit(request: HttpRequest, page: Page, form: OrderForm, now: datetime) -> HttpResponse:
    ticket = read_ticket(request)
    try:
        started, kept = services.start(
            _registration(request, page, form),
            campaign=page.campaign,
            plan=form.cleaned_data["plan"],
            ticket=ticket,
            now=now,
        )
        url = services.open_checkout(started, now=now) if started.state in SignUp.OPEN else _progress(started.public_id)
    except UsernameTaken:
        form.add_error("username", _("This username is taken. Choose another one."))
    except GatewayError:
        form.add_error(
            None, _("The payment page cannot be reached right now. Nothing was charged; try again in a minute.")
        )
    else:
        return keep_ticket(HttpResponseRedirect(url, status=303), kept)
    with tenant(Scope(Role.SIGNUP)):
        return _shown(request, page, form)


def _registration(request: HttpRequest, page: Page, form: OrderForm) -> Registration:
    typed, language = form.cleaned_data, get_language() or "en"
    if customer_id := _customer_of(request, page):
        with as_worker():
            customer = Customer.objects.get(pk=customer_id)
        return Registration(
            company=customer.name,
            contact_name=customer.contact_name,
            email=customer.contact_email,
            username=typed["username"],
            country=customer.country,
            vat_number=customer.vat_number,
            language=language,
            ordered_by=request.user.pk,
            customer_id=customer_id,
        )
    return Registration(
        company=typed["company"],
        contact_name=typed["name"],
        email=typed["email"],
        username=typed["username"],
        country=typed["country"],
        vat_number=typed["vat_number"],
        language=language,
    )


def read_ticket(request: HttpRequest) -> Ticket | None:
    try:
        text = str(request.get_signed_cookie(TICKET_COOKIE, max_age=TICKET_SECONDS))
        public_id, secret = text.split(":")
        return Ticket(UUID(public_id), secret)
    except (KeyError, ValueError, signing.BadSignature):
        return None


def keep_ticket(response: HttpResponseRedirect, ticket: Ticket) -> HttpResponseRedirect:
    response.set_signed_cookie(
        TICKET_COOKIE,
        f"{ticket.public_id}:{ticket.secret}",
        max_age=TICKET_SECONDS,
        path="/signup/",
        secure=settings.PRODUCTION,
        httponly=True,
        samesite="Lax",
    )
    return response


def _progress(public_id: UUID) -> str:
    return reverse("signup-progress", args=[public_id])


@login_not_required
@outside_transaction
@require_safe
def came_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Back from the card: the same completion as the webhook's, whichever comes first."""
    with as_worker():
        found = SignUp.objects.filter(public_id=public_id).first()
    if found:
        try:
            services.complete(found.pk, now=clock.now())
        except GatewayError:
            messages.info(request, _("We are waiting for the payment provider's confirmation."))
    return redirect(_progress(public_id))


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
        "again_url": page.campaign.path if page and state == "expired" else "",
    }
    return render(request, "signup/progress.html", context, status=422 if form and form.errors else 200)


def _state(signup: SignUp, instance: Instance | None) -> str:
    if signup.state in (SignUp.State.EXPIRED, SignUp.State.REFUSED):
        return "expired"
    if instance is None:
        return "going"
    return {Instance.State.RUNNING: "ready", Instance.State.FAILED: "failed"}.get(
        Instance.State(instance.state), "going"
    )


def _steps(signup: SignUp, instance: Instance | None) -> list[dict[str, str]]:
    """The registration, the card, then the boot's own steps."""
    accepted = signup.state == SignUp.State.COMPLETED
    steps = [
        {"label": _("Registered"), "state": "done", "note": ""},
        {"label": _("Card accepted"), "state": "done" if accepted else "now", "note": ""},
    ]
    names = {"pending": "", "running": "now", "done": "done", "failed": "failed"}
    boot = instance.steps if instance else []
    steps += [{"label": step["label"], "state": names.get(step["state"], ""), "note": ""} for step in boot]
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
        return redirect(_progress(public_id))
    form = FirstPasswordForm(request.POST, user=owner)
    if not form.is_valid():
        with tenant(Scope(Role.SIGNUP, signup_id=str(public_id))):
            instance, page = _instance(found), open_page(found.campaign.slug) if _is_open(found) else None
        return _progress_page(request, found, instance, page, form)
    if chosen := services.choose_password(found, form.cleaned_data["password"], now=now):
        with tenant(Scope(Role.AUTH)):
            login(request, chosen, backend=settings.AUTHENTICATION_BACKENDS[0])
        messages.success(request, _("Your password is set, and you are signed in."))
    return redirect(_progress(public_id))
