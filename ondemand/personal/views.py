"""Where people take their data along: a customer's owner the company's, everybody their own."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ondemand import audit
from ondemand.clock import now
from ondemand.models import User
from ondemand.personal import company, person
from ondemand.personal.archive import Archive
from ondemand.reauthentication import recently_reauthenticated
from ondemand.scopes import PERSON_OWNER, person_of, require_person
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.marker import outside_transaction
from ondemand.tenancy.roles import Role


@require_safe
def company_page(request: HttpRequest) -> HttpResponse:
    require_person(request, PERSON_OWNER)
    return render(request, "personal/company.html")


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


@require_safe
def person_page(request: HttpRequest) -> HttpResponse:
    return render(request, "personal/person.html")


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
