"""The Sign Up Pages screen: each campaign's address, QR code, snippets and what came of it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

import segno
from csp.constants import SELF
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views import View

from customers.models import Customer
from ondemand.clock import business_day, midnight, now
from ondemand.money import Money
from ondemand.scopes import OWNER, TenantRequest, partner_id_of, person_of, require_role, sees_money
from partners.models import Campaign, Partner, Plan
from partners.services.origins import allow_origins
from signup.forms import OriginsForm
from signup.models import PageVisits, SignUp

DAYS = 30
PAYING = Count("pk", filter=Q(pays=True))
HELD = Count("pk", filter=Q(state=SignUp.State.REVIEW))
BUTTON = "display:inline-block;padding:12px 24px;border-radius:8px;background:#0b5fc0;color:#fff;text-decoration:none"
FRAME = "width:100%;height:760px;border:0"
QR_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True)
class Figures:
    visits: int = 0
    signups: int = 0
    paying: int = 0
    in_review: int = 0


class SignUpPages(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        require_role(request, None)
        partner_id, today = partner_id_of(request), business_day(now())
        pages = list(pages_of(partner_id))
        figures = figures_of(partner_id, today)
        plans = plans_of([page.product_id for page in pages])
        money, owner = sees_money(request), is_owner(request)
        shown = [
            page_context(page, plans.get(page.product_id, []), figures.get(page.pk, Figures()), money)
            | {"edit_url": reverse("sign-up-page-origins", args=[page.pk]) if owner else ""}
            for page in pages
        ]
        response = render(request, "signup/pages.html", {"pages": shown, "days": DAYS})
        response._csp_replace = {"frame-src": [SELF]}  # type: ignore[attr-defined]  # the previews
        return response


class Origins(View):
    """On whose pages a campaign's page may stand in a frame."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        page = self._page(request, pk)
        return self._shown(request, page, OriginsForm(initial={"origins": "\n".join(page.allowed_origins)}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        page, form = self._page(request, pk), OriginsForm(request.POST)
        if not form.is_valid():
            return self._shown(request, page, form)
        allow_origins(page, form.cleaned_data["origins"], by=person_of(request), now=now())
        messages.success(request, _("The addresses are saved."))
        return redirect("sign-up-pages")

    def _page(self, request: HttpRequest, pk: int) -> Campaign:
        require_role(request, OWNER)
        return get_object_or_404(pages_of(partner_id_of(request)), pk=pk)

    def _shown(self, request: HttpRequest, page: Campaign, form: OriginsForm) -> HttpResponse:
        context = {"page": page, "form": form}
        return render(request, "signup/origins.html", context, status=422 if form.errors else 200)


def pages_of(partner_id: int) -> QuerySet[Campaign]:
    mine = Campaign.objects.filter(partner_id=partner_id).select_related("product", "partner")
    return mine.order_by("product__name", "pk")


def campaigns_of(partner_id: int) -> QuerySet[Campaign]:
    """Those that take sign-ups now."""
    return pages_of(partner_id).open()  # type: ignore[attr-defined, no-any-return]


def plans_of(product_ids: Iterable[int]) -> dict[int, list[Plan]]:
    found: dict[int, list[Plan]] = {}
    for plan in Plan.objects.filter(product_id__in=product_ids, active=True).order_by("position", "pk"):
        found.setdefault(plan.product_id, []).append(plan)
    return found


def figures_of(partner_id: int, today: date) -> dict[int, Figures]:
    """Of the last 30 days, per campaign: visits, sign-ups begun, those whose customer has paid, those in review."""
    since = today - timedelta(days=DAYS - 1)
    visits = PageVisits.objects.filter(partner_id=partner_id, day__gte=since).order_by().values_list("campaign_id")
    paid = Customer.objects.filter(pk=OuterRef("customer_id"), partner_id=OuterRef("partner_id"), paid__gt=0)
    begun = SignUp.objects.filter(partner_id=partner_id, created_at__gte=midnight(since)).order_by()
    signups = begun.annotate(pays=Exists(paid)).values_list("campaign_id")
    seen = dict(visits.annotate(Sum("visits")))
    made = {pk: counts for pk, *counts in signups.annotate(made=Count("pk"), paying=PAYING, held=HELD)}
    return {pk: Figures(seen.get(pk, 0), *made.get(pk, ())) for pk in seen.keys() | made.keys()}


def page_context(page: Campaign, plans: list[Plan], figures: Figures, money: bool) -> dict[str, Any]:
    return {
        "id": page.pk,
        "product": page.product.name,
        "plans": ", ".join(plan_text(plan, money) for plan in plans),
        "url": page.url,
        "active": not why_closed(page),
        "why_inactive": why_closed(page),
        "qr_svg_url": reverse("sign-up-page-qr", args=[page.pk, "svg"]),
        "qr_png_url": reverse("sign-up-page-qr", args=[page.pk, "png"]),
        "link_code": format_html('<a href="{}">{}</a>', page.url, _("Sign up for {}").format(page.product)),
        "button_code": button_code(page),
        "frame_code": frame_code(page),
        "preview_url": "" if why_closed(page) else reverse("signup-embed", args=[page.slug]),
        "origins": ", ".join(page.allowed_origins),
        "visits": figures.visits,
        "signups": figures.signups,
        "paying": figures.paying,
        "in_review": figures.in_review,
    }


def plan_text(plan: Plan, money: bool) -> str:
    return f"{plan.name} {Money(plan.base, plan.currency)}" if money else plan.name


def why_closed(page: Campaign) -> str:
    """Why the page takes no sign-ups; empty where it does."""
    if page.partner.state != Partner.State.ACTIVE:
        return _("Your partnership is not active, so none of your pages takes sign-ups. Write to Openbravo.")
    if not page.product.active:
        return _("Openbravo no longer offers this product to new customers.")
    return "" if page.active else _("Openbravo has closed this page. Write to us to open it again.")


def button_code(page: Campaign) -> str:
    """For the partner's own site, whose rules about styles are its own."""
    text = _("Sign up for {}").format(page.product)
    return format_html('<a href="{}" style="{}">{}</a>', page.url, BUTTON, text)


def frame_code(page: Campaign) -> str:
    title = _("Sign up for {}").format(page.product)
    return format_html('<iframe src="{}" title="{}" style="{}"></iframe>', page.embed_url, title, FRAME)


def is_owner(request: HttpRequest) -> bool:
    member = cast(TenantRequest, request).member
    return member is not None and member.role in OWNER


def qr(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The page's address as a QR code, in SVG or PNG."""
    require_role(request, None)
    if form not in QR_TYPES:
        raise Http404
    page = get_object_or_404(pages_of(partner_id_of(request)), pk=pk)
    drawn = io.BytesIO()
    segno.make(page.url, error="m").save(drawn, kind=form, scale=8, border=4)
    name = f"sign-up-{page.slug}.{form}"
    return HttpResponse(
        drawn.getvalue(),
        content_type=QR_TYPES[form],
        headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "private, max-age=86400"},
    )
