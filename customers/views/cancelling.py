"""A customer's owner ends a subscription with its term, and may undo it until then."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_POST

from customers import cancelling
from customers.forms import CancelForm
from customers.models import Cancellation, Subscription
from customers.remaining import Bill, remaining_bills
from customers.views.planning import coming, subscription_of
from customers.views.upcoming import upcoming_sections
from ondemand import clock
from ondemand.portal import values
from ondemand.scopes import PERSON_OWNER, TenantRequest, person_of, require_person
from ondemand.tenancy.context import as_worker, tenant
from ondemand.tenancy.marker import outside_transaction


@method_decorator(outside_transaction, name="dispatch")
class Cancel(View):
    subscription: Subscription
    cancellation: Cancellation | None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_person(request, PERSON_OWNER)
        with tenant(cast(TenantRequest, request).tenancy):
            self.subscription = subscription_of(request, kwargs["pk"])
            self.cancellation = open_of(self.subscription)
        return super().dispatch(request)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.shown(request, CancelForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CancelForm(request.POST)
        if not form.is_valid():
            return self.shown(request, form, status=422)
        said = form.cleaned_data | {"by": person_of(request), "now": clock.now()}
        try:
            with as_worker():
                made = cancelling.cancel(self.subscription.pk, **said)
        except cancelling.CancellationRefused as refused:
            messages.error(request, str(refused))
        else:
            day = values.day_text(clock.business_day(made.ends_at))
            text = _("Your subscription ends on %(day)s. Until then you can undo this.")
            messages.success(request, text % {"day": day})
        return redirect("account")

    def shown(self, request: HttpRequest, form: CancelForm, status: int = 200) -> HttpResponse:
        mine, cancellation = self.subscription, self.cancellation
        known = cancellation.ends_at if cancellation else mine.cancel_at
        ends_at = known or mine.term_ends_at(clock.now())
        with tenant(cast(TenantRequest, request).tenancy):
            bills = remaining_bills(mine, ends_at, coming(mine).first())
            context = {
                "form": form,
                "subscription": mine,
                "cancellation": cancellation,
                "may_cancel": known is None,
                "ends": values.day_text(clock.business_day(ends_at)),
                "bills": [words_of(bill, mine.plan.currency) for bill in bills],
                "sections": upcoming_sections(Subscription.objects.filter(pk=mine.pk)),
            }
            return render(request, "customers/cancel.html", context, status=status)


@outside_transaction
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    require_person(request, PERSON_OWNER)
    with tenant(cast(TenantRequest, request).tenancy):
        cancellation = open_of(subscription_of(request, pk))
    with as_worker():
        done = cancellation is not None and cancelling.undo(cancellation.pk, by=person_of(request), now=clock.now())
    if done:
        messages.success(request, _("The cancellation was undone. Your subscription goes on."))
    else:
        messages.error(request, _("There is no cancellation that could still be undone."))
    return redirect("account")


def open_of(subscription: Subscription) -> Cancellation | None:
    return Cancellation.objects.open().filter(subscription=subscription).first()


def words_of(bill: Bill, currency: str) -> dict[str, Any]:
    """Day, what it is for, and the amount that is known today."""
    at, used_from = clock.business_day(bill.at), clock.business_day(bill.used_from)
    spans = {"from": values.day_text(used_from), "at": values.day_text(at), "until": ""}
    text = _("What was used from %(from)s to %(at)s")
    if bill.base_until:
        spans["until"] = values.day_text(clock.business_day(bill.base_until))
        text = _("The base price from %(at)s to %(until)s, and what was used from %(from)s to %(at)s")
    return {"day": values.day(at), "text": text % spans, "amount": bill.base and values.money(bill.base, currency)}
