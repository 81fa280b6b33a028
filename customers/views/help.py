"""Ask for help: a customer's person writes to the partner, and sees what was asked before."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View

from customers.forms import HelpForm
from customers.models import Customer, HelpRequest, Person
from customers.tables import HelpTable
from customers.views.account import customer_of, person_here
from instances.models import Instance
from instances.services.help import HelpRefused, ask
from ondemand.clock import now
from ondemand.portal.detail import Rows, first_rows
from ondemand.scopes import PERSON_TECHNICAL, TenantRequest, person_of
from ondemand.tenancy.context import as_worker, tenant
from ondemand.tenancy.marker import outside_transaction
from partners.models import Partner

SHOWN = 50


@method_decorator(outside_transaction, name="dispatch")
class Help(View):
    """For all of a customer's people; about instances, for those who meet them."""

    person: Person
    customer: Customer
    instances: dict[str, Instance]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.person = person_here(request)
        with tenant(cast(TenantRequest, request).tenancy):
            self.customer = customer_of(request)
            met = Instance.objects.live().order_by("name", "pk") if self.person.role in PERSON_TECHNICAL else []
            self.instances = {str(row.pk): row for row in met}
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("instance", "")
        return self.shown(
            request, self.form(initial={"instance": asked if asked in self.instances else HelpForm.GENERAL})
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        if form.is_valid() and self.sent(request, form):
            messages.success(request, _("Your message was sent. The answer comes by e-mail."))
            return redirect("account-help")
        return self.shown(request, form, status=422)

    def form(self, *args: Any, **kwargs: Any) -> HelpForm:
        return HelpForm(*args, instances=[(pk, row.name) for pk, row in self.instances.items()], **kwargs)

    def sent(self, request: HttpRequest, form: HelpForm) -> bool:
        instance = self.instances.get(form.cleaned_data.get("instance", ""))
        try:
            with as_worker():
                ask(
                    self.customer,
                    by=person_of(request),
                    text=form.cleaned_data["message"],
                    instance=instance,
                    now=now(),
                )
        except HelpRefused as refused:
            form.add_error(None, str(refused))
            return False
        return True

    def shown(self, request: HttpRequest, form: HelpForm, status: int = 200) -> HttpResponse:
        with tenant(cast(TenantRequest, request).tenancy):
            asked = HelpRequest.objects.filter(customer_id=self.customer.pk)
            if self.person.role != Person.Role.OWNER:
                asked = asked.filter(user=person_of(request))
            context = {
                "form": form,
                "partner": Partner.objects.get(pk=self.customer.partner_id),
                "section": Rows(_("Asked before"), first_rows(HelpTable, asked, SHOWN), _("Nothing yet")),
            }
            return render(request, "customers/help.html", context, status=status)
