from django.urls import path

from partners import api, views

urlpatterns = [
    path("payments/bank-account/", views.bank_account, name="bank-account"),
    path("api/zones/enrolments/", api.enrolments, name="peer-enrolments"),
]
