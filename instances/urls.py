"""Addresses of the App Instances screen."""

from django.urls import path

from instances.views import instances, usage

urlpatterns = [
    path("instances/", instances.instances, name="instances"),
    path("instances/<int:pk>/", instances.InstanceDetail.as_view(), name="instance"),
    path("instances/<int:pk>/usage/", usage.UsageDetail.as_view(), name="instance-usage"),
]
