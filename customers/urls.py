"""Addresses of the Customers screen, and of the customer's own account."""

from django.urls import path

from customers import account, views

urlpatterns = [
    path("customers/", views.customers, name="customers"),
    path("customers/<int:pk>/", views.CustomerDetail.as_view(), name="customer"),
    path("account/", account.Account.as_view(), name="account"),
    path("account/order/", account.order, name="account-order"),
]
