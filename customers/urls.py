"""Addresses of the Customers screen, and of the customer's own account."""

from django.urls import path
from django.views.decorators.http import require_safe

from customers.views import account, customers

urlpatterns = [
    path("customers/", customers.customers, name="customers"),
    path("customers/<int:pk>/", customers.CustomerDetail.as_view(), name="customer"),
    path("account/", account.Account.as_view(), name="account"),
    path("account/order/", require_safe(account.order), name="account-order"),
]
