"""The public sign-up page, the way back from the card, and the progress page."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from customers.models import Customer
from ondemand import clock
from ondemand.gateway.errors import GatewayError, Refused
from ondemand.money import Money
from ondemand.networks import network_of
from ondemand.scopes import PERSON_OWNER, TenantRequest
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.marker import outside_transaction
from ondemand.tenancy.roles import Role
from partners.models import Campaign, Partner, Plan
from signup import services
from signup.forms import OrderForm, RegistrationForm, price_lines
from signup.models import SignUp
from signup.services import AlreadyPaid, Registration, Ticket, TooMany, UsernameTaken

TICKET_COOKIE = f"ondemand_{settings.ZONE.lower()}_signup"
TICKET_SECONDS = 7 * 24 * 3600


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
            services.count_visit(page.campaign, now=now)
        if page is None or not page.plans:
            return render(request, "signup/closed.html", {}, status=404)
        form = _form(request, page, now)
        if request.method != "POST" or not form.is_valid():
            return show_form(request, page, form)
    return _submit(request, page, form, now)


def _form(request: HttpRequest, page: Page, now: datetime) -> OrderForm:
    kind = OrderForm if _customer_of(request, page) else RegistrationForm
    typed = request.POST if request.method == "POST" else None
    return kind(typed, plans=page.plans, slug=page.campaign.slug, now=now)


def _customer_of(request: HttpRequest, page: Page) -> int | None:
    """The customer that the signed-in person owns, where it is this partner's: it orders another instance."""
    known = cast(TenantRequest, request).person
    orders = known is not None and known.role in PERSON_OWNER and known.partner_id == page.partner.pk
    return known.customer_id if known and orders else None


def show_form(request: HttpRequest, page: Page, form: OrderForm, status: int = 422) -> HttpResponse:
    """`status` is that of a form which is not accepted."""
    context = page.context | {"form": form}
    return render(request, "signup/form.html", context, status=status if form.errors else 200)


def _submit(request: HttpRequest, page: Page, form: OrderForm, now: datetime) -> HttpResponse:
    ticket, status = read_ticket(request), 422
    try:
        started, kept = services.start(
            _registration(request, page, form),
            campaign=page.campaign,
            plan=form.cleaned_data["plan"],
            ticket=ticket,
            now=now,
            network=network_of(request),
        )
        url = services.open_checkout(started, now=now) if started.state in SignUp.OPEN else _progress(started.public_id)
    except AlreadyPaid as paid:
        return completed(request, paid.signup, now)
    except UsernameTaken:
        form.add_error("username", _("This username is taken. Choose another one."))
    except TooMany:
        status = 429
        form.add_error(None, _("Many have signed up from your network or on this page just now. Try again in an hour."))
    except Refused as refusal:
        form.add_error(None, _("The payment provider did not accept this: %(why)s") % {"why": refusal})
    except GatewayError:
        form.add_error(
            None, _("The payment page cannot be reached right now. Nothing was charged; try again in a minute.")
        )
    else:
        return keep_ticket(HttpResponseRedirect(url, status=303), kept)
    with tenant(Scope(Role.SIGNUP)):
        return show_form(request, page, form, status)


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
    return completed(request, found, clock.now()) if found else redirect(_progress(public_id))


def completed(request: HttpRequest, signup: SignUp, now: datetime) -> HttpResponse:
    """On to the progress page; what Stripe does not answer now, the webhook or the sweep completes."""
    try:
        services.complete(signup.pk, now=now)
    except GatewayError:
        messages.info(request, _("We are waiting for the payment provider's confirmation."))
    return redirect(_progress(signup.public_id))
