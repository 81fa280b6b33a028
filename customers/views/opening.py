"""Into a running instance with one click: a link for one use within a minute, on a page, as no form may post there."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers import support
from customers.models import Person
from customers.views.account import helper_here, person_here
from instances.models import Instance
from instances.provisioners import ProvisionerError, Visitor, provisioner
from ondemand import audit
from ondemand.clock import now
from ondemand.scopes import TenantRequest, person_of
from ondemand.tenancy.context import as_worker, tenant
from ondemand.tenancy.marker import outside_transaction


@outside_transaction
@require_POST
def open_instance(request: HttpRequest, pk: int) -> HttpResponse:
    """For the owner and technical people; a partner's member enters as a named support user."""
    visitor, asked = _visitor(request), cast(TenantRequest, request)
    with tenant(asked.tenancy):
        instance = get_object_or_404(Instance, pk=pk)
    if instance.state != Instance.State.RUNNING:
        state = {"name": instance.name, "state": instance.get_state_display()}
        return _refuse(request, _("%(name)s cannot be opened now: it is %(state)s.") % state)
    try:
        url = provisioner().login_link(instance.public_id, visitor)
    except ProvisionerError:
        return _refuse(request, _("The instance cannot be opened right now. Try again in a minute."))
    _write_down(asked, instance)
    answer = render(request, "customers/open.html", {"instance": instance, "url": url})
    answer["Cache-Control"] = "no-store"
    return answer


def _visitor(request: HttpRequest) -> Visitor:
    user, helps = person_of(request), helper_here(request) is not None
    if not helps and person_here(request).role == Person.Role.BILLING:
        raise PermissionDenied
    return Visitor(f"support-{user.username}" if helps else user.username, user.name, helps)


def _refuse(request: HttpRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("account")


def _write_down(asked: TenantRequest, instance: Instance) -> None:
    """Before anybody sees the link. Raises PermissionDenied where the support session has ended meanwhile."""
    with as_worker():
        if asked.support:
            if not support.opened(asked.support.token, instance.name, by=person_of(asked), now=now()):
                raise PermissionDenied
            return
        audit.record(
            "instance.opened",
            now=now(),
            actor=person_of(asked),
            partner_id=instance.partner_id,
            customer_id=instance.customer_id,
            target=instance.name,
        )
