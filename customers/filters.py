"""How customers are looked for; and choices that other lists share."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter

from customers.models import Customer, Subscription
from ondemand.portal.filters import ListFilter
from ondemand.screens import row_id
from partners.models import Plan, Product

MOST_CUSTOMERS = 100
Choices = list[tuple[str, str]]


def plan_choices() -> Choices:
    plans = Plan.objects.select_related("product").order_by("product__name", "position", "pk")
    return [(str(plan.pk), f"{plan.product} · {plan}") for plan in plans]


def product_choices() -> Choices:
    return [(str(pk), name) for pk, name in Product.objects.order_by("name").values_list("pk", "name")]


def customer_choices(partner_id: int, chosen: str | None) -> Choices:
    """The first by name, and the one that the URL names, wherever it stands."""
    mine = Customer.objects.for_partner(partner_id).order_by("name", "pk").values_list("pk", "name")
    found = list(mine[:MOST_CUSTOMERS])
    wanted = row_id(chosen)
    if wanted and wanted not in dict(found):
        found += list(mine.filter(pk=wanted))
    return [(str(pk), name) for pk, name in found]


class CustomerFilter(ListFilter):
    search = ("name", "contact_name", "contact_email")
    search_hint = _("Company, contact or e-mail")

    state = ChoiceFilter(label=_("Payment status"), choices=Customer.State.choices)
    plan = ChoiceFilter(label=_("Plan"), method="of_plan")
    leaving = ChoiceFilter(label=_("Leaving"), choices=[("yes", _("an end is set"))], method="of_leaving")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["plan"].extra["choices"] = plan_choices()

    def of_plan(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(Q(plan_id=int(value)))

    def of_leaving(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(Exists(Subscription.objects.ending().filter(customer=OuterRef("pk"))))
