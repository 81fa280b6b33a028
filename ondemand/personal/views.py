"""Where people take their data along and have them erased: a customer's owner the company's, everybody their own."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import logout
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from customers.models import Customer
from ondemand import audit
from ondemand.clock import now
from ondemand.models import Erasure, User
from ondemand.personal import company, erasing, person
from ondemand.personal.archive import Archive
from ondemand.personal.erasing import ErasureRefused
from ondemand.personal.forms import SureForm
from ondemand.reauthentication import recently_reauthenticated
from ondemand.scopes import PERSON_OWNER, TenantRequest, person_of, require_person
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.marker import outside_transaction
from ondemand.tenancy.roles import Role

UNPROCESSABLE = 422


@outside_transaction
@require_safe
def company_page(request: HttpRequest) -> HttpResponse:
    require_person(request, PERSON_OWNER)
    return _company(request, SureForm())


def _company(request: HttpRequest, form: SureForm, *, refused: str = "") -> HttpResponse:
    with tenant(cast(TenantRequest, request).tenancy):
        customer = get_object_or_404(Customer, pk=require_person(request, PERSON_OWNER).customer_id)
        context = {
            "asked": Erasure.objects.filter(customer_id=customer.pk).first(),
            "why_not": refused or erasing.refusal(customer),
            "form": form,
        }
        return render(request, "personal/company.html", context, status=UNPROCESSABLE if form.is_bound else 200)


@require_POST
@recently_reauthenticated(back_to="account-data")
def export_company(request: HttpRequest) -> FileResponse:
    owner, at = require_person(request, PERSON_OWNER), now()
    archive = Archive(_("Your company's data"), now=at)
    for table in company.tables(owner.customer_id):
        archive.add(table)
    ids = {"partner_id": owner.partner_id, "customer_id": owner.customer_id}
    audit.record("data.exported", now=at, actor=person_of(request), **ids, rows=archive.rows)
    return archive.answer("company-data")


@outside_transaction
@require_POST
@recently_reauthenticated(back_to="account-data")
def erase_company(request: HttpRequest) -> HttpResponse:
    """The owner asks; staff confirm."""
    owner, form = require_person(request, PERSON_OWNER), SureForm(request.POST)
    if not form.is_valid():
        return _company(request, form)
    try:
        with as_worker():
            customer = get_object_or_404(Customer, pk=owner.customer_id)
            erasing.ask(customer, by=person_of(request), now=now())
    except ErasureRefused as refusal:
        return _company(request, form, refused=str(refusal))
    messages.success(request, _("Asked for. It is confirmed by staff; then nothing brings it back."))
    return redirect("account-data")


@outside_transaction
@require_safe
def person_page(request: HttpRequest) -> HttpResponse:
    return _person(request, SureForm())


def _person(request: HttpRequest, form: SureForm, *, refused: str = "") -> HttpResponse:
    with as_worker():
        context: dict[str, Any] = {"why_not": refused or erasing.refusal(person_of(request)), "form": form}
    with tenant(cast(TenantRequest, request).tenancy):
        return render(request, "personal/person.html", context, status=UNPROCESSABLE if form.is_bound else 200)


@outside_transaction
@require_POST
@recently_reauthenticated(back_to="personal-data")
def export_person(request: HttpRequest) -> FileResponse:
    return _own_data(person_of(request))


def _own_data(user: User) -> FileResponse:
    """No role meets all of it: the account is read as portal_auth, what lies with tenants as portal_worker."""
    at = now()
    archive = Archive(_("Your own data"), now=at)
    with tenant(Scope(Role.AUTH)):
        for table in person.account(user):
            archive.add(table)
    with as_worker():
        for table in person.belonging(user):
            archive.add(table)
        audit.record("data.exported", now=at, actor=user, rows=archive.rows)
    return archive.answer("personal-data")


@outside_transaction
@require_POST
@recently_reauthenticated(back_to="personal-data")
def erase_person(request: HttpRequest) -> HttpResponse:
    """At once: nobody else has to agree. A killed request is carried on by the sweep."""
    user, form, at = person_of(request), SureForm(request.POST), now()
    if not form.is_valid():
        return _person(request, form)
    try:
        with as_worker():
            erasure = erasing.confirm(user, reason="own request", by=user, now=at)
    except ErasureRefused as refusal:
        return _person(request, form, refused=str(refusal))
    erasing.carry_out(erasure.pk, now=at)
    with tenant(Scope(Role.AUTH)):
        logout(request)
    messages.success(request, _("Your account was erased."))
    return redirect("account_login")
