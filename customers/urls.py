"""Addresses of the Customers screen, and of the customer's own account."""

from django.urls import path
from django.views.decorators.http import require_safe

from customers.team import PEOPLE
from customers.views import account, customers
from ondemand.teams.joining import Join
from ondemand.teams.views import addresses

urlpatterns = [
    path("customers/", customers.customers, name="customers"),
    path("customers/<int:pk>/", customers.CustomerDetail.as_view(), name="customer"),
    path("account/", account.Account.as_view(), name="account"),
    path("account/order/", require_safe(account.order), name="account-order"),
    *addresses(PEOPLE, "account/team/"),
    path("accounts/join/account/<slug:token>/", Join.as_view(side=PEOPLE), name="account-team-join"),
]
