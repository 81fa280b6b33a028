"""Addresses of the App Instances screen."""

from django.urls import path

from instances import views

urlpatterns = [
    path("instances/", views.instances, name="instances"),
    path("instances/<int:pk>/", views.InstanceDetail.as_view(), name="instance"),
]
