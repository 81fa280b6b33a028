"""How instances are looked for."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter

from customers.filters import customer_choices, product_choices
from instances.models import Instance
from ondemand.portal.filters import ListFilter
from ondemand.scopes import partner_id_of


class InstanceFilter(ListFilter):
    search = ("name", "address", "customer__name")
    search_hint = _("Address or customer")

    state = ChoiceFilter(label=_("State"), choices=Instance.State.choices)
    product = ChoiceFilter(label=_("Product"), field_name="product_id")
    customer = ChoiceFilter(label=_("Customer"), field_name="customer_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["product"].extra["choices"] = product_choices()
        chosen = customer_choices(partner_id_of(self.request), self.data.get("customer"))
        self.filters["customer"].extra["choices"] = chosen
