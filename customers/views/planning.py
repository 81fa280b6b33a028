"""A customer changes the plan of a subscription: a choice, what it costs by Stripe's preview, a confirmation."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_POST

from customers import planning
from customers.forms import PlanConfirmation, PlanForm
from customers.models import PlanChange, Subscription
from customers.quoting import PlanRefused, Quote, check, is_upgrade, quote
from customers.views.account import customer_of
from ondemand import clock
from ondemand.gateway.errors import GatewayError
from ondemand.portal import values
from ondemand.scopes import PERSON_BILLING, TenantRequest, person_of, require_person
from ondemand.tenancy.context import as_worker, tenant
from ondemand.tenancy.marker import outside_transaction
from partners.models import Plan
from signup.forms import price_lines


@method_decorator(outside_transaction, name="dispatch")
class ChangePlan(View):
    subscription: Subscription
    plans: dict[str, Plan]
    change: PlanChange | None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_person(request, PERSON_BILLING)
        with tenant(cast(TenantRequest, request).tenancy):
            self.subscription = subscription_of(request, kwargs["pk"])
            others = Plan.objects.filter(product_id=self.subscription.product_id, active=True)
            others = others.exclude(pk=self.subscription.plan_id).exclude(stripe_base_price="")
            self.plans = {str(plan.pk): plan for plan in others.select_related("product").order_by("position", "pk")}
            self.change = coming(self.subscription).first()
        return super().dispatch(request)

    def get(self, request: HttpRequest) -> HttpResponse:
        if "plan" not in request.GET or self.change:
            return self.shown(request, self.choice())
        form = self.choice(request.GET)
        if not form.is_valid():
            return self.shown(request, form, status=422)
        return self.quoted(request, form)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PlanConfirmation(request.POST, plans=self.choices())
        if not form.is_valid():
            return self.shown(request, self.choice(), status=422)
        plan = self.plans[form.cleaned_data["plan"]]
        try:
            with as_worker():
                change = planning.ask(
                    self.subscription.pk,
                    plan,
                    at=clock.instant(form.cleaned_data["at"]),
                    by=person_of(request),
                    now=clock.now(),
                )
        except PlanRefused as refused:
            again = self.choice({"plan": str(plan.pk)})
            again.add_error(None, str(refused))
            return self.quoted(request, again, status=422)
        done = planning.carry_out(change.pk, now=clock.now()) if change.prorated else False
        messages.success(request, said(change, done))
        return redirect("account")

    def choice(self, *args: Any) -> PlanForm:
        return PlanForm(*args, plans=self.choices())

    def choices(self) -> list[tuple[str, str]]:
        return [(pk, f"{plan.name}, {a_month(plan)}") for pk, plan in self.plans.items()]

    def quoted(self, request: HttpRequest, form: PlanForm, status: int = 200) -> HttpResponse:
        """What the chosen plan costs, as Stripe has it now, to be confirmed."""
        plan = self.plans[request.POST.get("plan") or request.GET["plan"]]
        try:
            check(self.subscription, plan, now=clock.now())
            found = quote(self.subscription, plan, now=clock.now())
        except PlanRefused as refused:
            if not form.non_field_errors():
                form.add_error(None, str(refused))
            return self.shown(request, form, status=422)
        except GatewayError:
            form.add_error(None, _("The payment provider cannot be reached right now. Try again in a minute."))
            return self.shown(request, form, status=503)
        confirmation = PlanConfirmation(
            initial={"plan": plan.pk, "at": int(found.at.timestamp())}, plans=self.choices()
        )
        more = {"plan": plan, "confirmation": confirmation, **amounts(self.subscription, plan, found)}
        return self.shown(request, form, status=status, **more)

    def shown(self, request: HttpRequest, form: PlanForm, status: int = 200, **more: Any) -> HttpResponse:
        mine = self.subscription
        offers = [(plan.name, a_month(plan), price_lines(plan), is_upgrade(mine, plan)) for plan in self.plans.values()]
        context = {
            "form": form,
            "subscription": mine,
            "now_paid": a_month(mine.plan),
            "offers": offers,
            "change": self.change,
            "withdrawable": self.change is not None and self.change.can_be_withdrawn(clock.now()),
            **more,
        }
        with tenant(cast(TenantRequest, request).tenancy):
            return render(request, "customers/plan.html", context, status=status)


@outside_transaction
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    require_person(request, PERSON_BILLING)
    with tenant(cast(TenantRequest, request).tenancy):
        change = coming(subscription_of(request, pk)).first()
    with as_worker():
        gone = change is not None and planning.withdraw(change.pk, by=person_of(request), now=clock.now())
    if gone:
        messages.success(request, _("The change of plan was withdrawn. Everything stays as it is."))
    else:
        messages.error(request, _("There is no change of plan that could still be withdrawn."))
    return redirect("account")


def subscription_of(request: HttpRequest, pk: int) -> Subscription:
    live = Subscription.objects.live().filter(customer=customer_of(request))
    return get_object_or_404(live.select_related("product", "plan", "customer"), pk=pk)


def coming(subscription: Subscription) -> Any:
    """The change that is not in force yet, if there is one (a QuerySet)."""
    found = PlanChange.objects.to_come(clock.now()).filter(subscription=subscription)
    return found.select_related("from_plan", "to_plan")


def a_month(plan: Plan) -> str:
    return _("%(price)s a month") % {"price": values.money(plan.base, plan.currency)}


def amounts(subscription: Subscription, plan: Plan, found: Quote) -> dict[str, Any]:
    return {
        "quote": found,
        "rest": values.money(found.rest, plan.currency),
        "due": values.money(found.due, plan.currency),
        "next_bill": subscription.period_end,
        "lines": price_lines(plan),
        "price": a_month(plan),
    }


def said(change: PlanChange, done: bool) -> str:
    names = {"plan": change.to_plan.name, "day": values.day_text(clock.business_day(change.takes_effect_at))}
    if not change.prorated:
        return _("Your plan changes to %(plan)s on %(day)s. Until then you can withdraw it.") % names
    if done:
        return _("Your plan is %(plan)s now.") % names
    return _("Your plan is being changed to %(plan)s. You get a mail when it is done.") % names
