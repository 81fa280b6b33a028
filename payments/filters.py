"""How payments are looked for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter

from ondemand.portal.filters import ListFilter
from payments.models import Payment


class PaymentFilter(ListFilter):
    search = ("number", "reference")
    search_hint = _("Number or reference")

    state = ChoiceFilter(
        label=_("State"), choices=[(state.value, state.label) for state in Payment.State if state in Payment.SHOWN]
    )
