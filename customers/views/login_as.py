"""Log in as customer: the page that asks why, the page that posts the token, the way in and the way out."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
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
    if not reauthentication.is_recent(request):
        return reauthentication.ask(reverse("customer-login", args=[pk]))
    form, refused = LoginAsForm(request.POST or None), _refusal(request, customer)
    if refused or not form.is_valid():
        return _ask(request, customer, form, refused)
    try:
        token = _issue(request, customer, form.cleaned_data["reason"])
    except LoginRefused as error:
        return _ask(request, customer, form, str(error))
    return _unseen(render(request, "customers/login_as_enter.html", {"customer": customer, "token": token}))


def _ask(request: HttpRequest, customer: Customer, form: LoginAsForm, refused: str) -> HttpResponse:
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


def _refusal(request: HttpRequest, customer: Customer) -> str:
    if cast(TenantRequest, request).support:
        return _("You are in a customer's account already. End that first.")
    return "" if customer.support_allowed else _("This customer does not allow support access.")


def _issue(request: HttpRequest, customer: Customer, reason: str) -> str:
    with as_worker():
        return support.issue(
            customer.pk, by=person_of(request), partner_id=customer.partner_id, reason=reason, now=now()
        )


def _unseen(answer: HttpResponse) -> HttpResponse:
    """The page holds a secret: no cache keeps it, no address that it leads to learns of it."""
    answer["Cache-Control"], answer["Referrer-Policy"] = "no-store", "no-referrer"
    return answer


@outside_transaction
@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """The token comes in the body, from the browser of the member whom it was made for."""
    try:
        with as_worker():
            entered = support.enter(request.POST.get("token", ""), by=person_of(request), now=now())
    except LoginRefused as error:
        return render(request, "customers/login_as_over.html", {"text": str(error)}, status=HTTPStatus.FORBIDDEN)
    answer = redirect("account")
    answer.set_cookie(
        SUPPORT_COOKIE,
        entered.session,
        max_age=SESSION_SECONDS,
        secure=settings.PRODUCTION,
        httponly=True,
        samesite="Strict",
    )
    return _unseen(answer)


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
