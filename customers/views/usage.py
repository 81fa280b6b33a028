"""What was used on an instance, in the account of the customer whose it is."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from customers.views.account import customer_of, sees_account_money
from instances.models import Instance
from instances.views.usage import UsageDetail
from ondemand.scopes import PERSON_EVERYONE


class AccountUsage(UsageDetail):
    """For all its people: technical ones, as other instances' pages, without amounts."""

    back = (_("Your account"), "account")
    roles = PERSON_EVERYONE

    def admit(self, request: HttpRequest) -> None:
        customer_of(request)

    def rows(self, request: HttpRequest) -> QuerySet[Instance]:
        return Instance.objects.filter(customer=customer_of(request)).select_related("subscription", "plan")

    def has_amounts(self) -> bool:
        return sees_account_money(self.request)
