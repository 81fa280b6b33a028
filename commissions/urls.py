"""Addresses of the Commissions screen."""

from django.urls import path

from commissions import views

urlpatterns = [
    path("commissions/", views.CommissionList.as_view(), name="commissions"),
    path("commissions/<int:pk>/", views.CommissionDetail.as_view(), name="commission"),
]
