"""Log in as customer: the page that asks why, the page that posts the token, the way in and the way out."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from customers import support
from customers.forms import LoginAsForm
from customers.models import Customer, LoginToken
from customers.support import SESSION_SECONDS, LoginRefused
from ondemand import reauthentication
from ondemand.clock import now
from ondemand.scopes import SUPPORT, SUPPORT_COOKIE, TenantRequest, partner_id_of, person_of, require_role
from ondemand.tenancy.context import as_worker, tenant
from ondemand.tenancy.marker import outside_transaction


@outside_transaction
@require_http_methods(["GET", "HEAD", "POST"])
def login_as(request: HttpRequest, pk: int) -> HttpResponse:
    """Owners and support, who gave their password within 15 minutes; another partner's customer is a 404."""
    customer = _customer_for_helper(request, pk)
    if request.method != "POST" and (refused := _why_not(request, customer)):
        return _ask(request, customer, LoginAsForm(), refused)
    if not reauthentication.is_recent(request):
        return reauthentication.ask(reverse("customer-login", args=[pk]))
    form = LoginAsForm(request.POST or None)
    if not form.is_valid():
        return _ask(request, customer, form)
    try:
        token = _issue(request, customer, form.cleaned_data["reason"])
    except LoginRefused as refusal:
        return _ask(request, customer, form, _written_down(request, refusal))
    answer = render(request, "customers/login_as_enter.html", {"customer": customer, "token": token})
    answer["Cache-Control"] = "no-store"
    return answer


def _ask(request: HttpRequest, customer: Customer, form: LoginAsForm, refused: str = "") -> HttpResponse:
    context = {"customer": customer, "form": form, "refused": refused}
    status = HTTPStatus.FORBIDDEN if refused else HTTPStatus.OK
    with tenant(cast(TenantRequest, request).tenancy):  # the menu reads the partner
        return render(request, "customers/login_as.html", context, status=status)


def _customer_for_helper(request: HttpRequest, pk: int) -> Customer:
    require_role(request, SUPPORT)
    asked = cast(TenantRequest, request)
    if asked.member is None:  # staff who look at a partner's portal enter no customer's account
        raise PermissionDenied
    with tenant(asked.tenancy):
        return get_object_or_404(Customer.objects.for_partner(partner_id_of(request)), pk=pk)


def _why_not(request: HttpRequest, customer: Customer) -> str:
    with tenant(cast(TenantRequest, request).tenancy):
        why = support.why_not(customer, by=person_of(request), now=now())
    return str(why.label) if why else ""


def _written_down(request: HttpRequest, refusal: LoginRefused) -> str:
    with as_worker():
        support.note_refusal(refusal, by=person_of(request), now=now())
    return str(refusal)


def _issue(request: HttpRequest, customer: Customer, reason: str) -> str:
    with as_worker():
        return support.issue(
            customer.pk, by=person_of(request), partner_id=customer.partner_id, reason=reason, now=now()
        )


@outside_transaction
@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """The token comes in the body, from the browser of the member whom it was made for."""
    try:
        with as_worker():
            entered = support.enter(request.POST.get("token", ""), by=person_of(request), now=now())
    except LoginRefused as refusal:
        context = {"text": _written_down(request, refusal)}
        return render(request, "customers/login_as_over.html", context, status=HTTPStatus.FORBIDDEN)
    answer = redirect("account")
    answer.set_cookie(
        SUPPORT_COOKIE,
        entered.session,
        max_age=SESSION_SECONDS,
        secure=settings.PRODUCTION,
        httponly=True,
        samesite="Strict",
    )
    return answer


@outside_transaction
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End what this member has running, in whichever browser; back to the customer."""
    user, at = person_of(request), now()
    with as_worker():
        mine = list(LoginToken.objects.filter(user=user).running(at))
        support.end(mine, by=user, ending=LoginToken.Ending.MEMBER, now=at)
    answer = redirect("customer", mine[0].customer_id) if mine else redirect("home")
    answer.delete_cookie(SUPPORT_COOKIE, samesite="Strict")
    return answer
