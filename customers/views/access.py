"""Who was in the customer's account and why; to end it, and to refuse support access."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from customers import support
from customers.models import LoginToken, Person
from customers.models.login import LoginTokenQuerySet
from customers.tables import LoginTable
from customers.views.account import customer_of, helper_here, person_here
from ondemand.clock import now
from ondemand.portal.detail import Rows, first_rows
from ondemand.scopes import person_of
from ondemand.tenancy.context import as_worker
from ondemand.tenancy.marker import outside_transaction

WATCHERS = (Person.Role.OWNER, Person.Role.TECHNICAL)
SHOWN = 100


@require_safe
def access(request: HttpRequest) -> HttpResponse:
    """For the owner and technical people (life.md); a member who is in there reads it too."""
    role = None if helper_here(request) else _watcher(request).role
    customer = customer_of(request)
    here = LoginToken.objects.filter(customer_id=customer.pk)
    context = {
        "customer": customer,
        "running": here.running(now()) if role else [],
        "may_refuse": role == Person.Role.OWNER,
        "sections": [logins(here)],
    }
    return render(request, "customers/access.html", context)


def logins(rows: LoginTokenQuerySet) -> Rows:
    return Rows(_("Who was in the account"), first_rows(LoginTable, rows.entered(), SHOWN), _("Nobody yet"))


@outside_transaction
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    person, at = _watcher(request), now()
    with as_worker():
        token = get_object_or_404(LoginToken.objects.entered(), pk=pk, customer_id=person.customer_id)
        support.end([token], by=person_of(request), ending=LoginToken.Ending.CUSTOMER, now=at)
    messages.success(request, _("Ended."))
    return redirect("account-access")


@outside_transaction
@require_POST
def allow(request: HttpRequest) -> HttpResponse:
    """The owner's word, allow=yes or allow=no; anything else says nothing."""
    person = _watcher(request)
    if person.role != Person.Role.OWNER:
        raise PermissionDenied
    if (word := request.POST.get("allow", "")) in ("yes", "no"):
        with as_worker():
            support.allow(person.customer_id, word == "yes", by=person_of(request), now=now())
    return redirect("account-access")


def _watcher(request: HttpRequest) -> Person:
    person = person_here(request)
    if person.role not in WATCHERS:
        raise PermissionDenied
    return person
