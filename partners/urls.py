from django.urls import path

from ondemand.teams.joining import Join
from ondemand.teams.views import addresses
from partners import api, views
from partners.team import MEMBERS

urlpatterns = [
    path("payments/bank-account/", views.bank_account, name="bank-account"),
    *addresses(MEMBERS, "team/"),
    path("team/activity/", views.Activity.as_view(), name="team-activity"),
    path("accounts/join/team/<slug:token>/", Join.as_view(side=MEMBERS), name="team-join"),
    path("api/zones/enrolments/", api.enrolments, name="peer-enrolments"),
]
