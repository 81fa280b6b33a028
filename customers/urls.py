"""Addresses of the Customers screen, and of the customer's own account."""

from django.urls import path
from django.views.decorators.http import require_safe

from customers.team import PEOPLE
from customers.views import (
    access,
    account,
    activity,
    backup,
    cancelling,
    customers,
    help,
    login_as,
    opening,
    planning,
    usage,
)
from ondemand.teams.joining import Join
from ondemand.teams.views import addresses

urlpatterns = [
    path("customers/", customers.customers, name="customers"),
    path("customers/<int:pk>/", customers.CustomerDetail.as_view(), name="customer"),
    path("customers/<int:pk>/login/", login_as.login_as, name="customer-login"),
    path("account/", account.Account.as_view(), name="account"),
    path("account/order/", require_safe(account.order), name="account-order"),
    path("account/instances/<int:pk>/open/", opening.open_instance, name="account-open"),
    path("account/instances/<int:pk>/backup/", backup.backup, name="account-backup"),
    path("account/instances/<int:pk>/usage/", usage.AccountUsage.as_view(), name="account-usage"),
    path("account/subscriptions/<int:pk>/cancel/", cancelling.Cancel.as_view(), name="account-cancel"),
    path("account/subscriptions/<int:pk>/cancel/undo/", cancelling.undo, name="account-cancel-undo"),
    path("account/access/", access.access, name="account-access"),
    path("account/access/allow/", access.allow, name="account-access-allow"),
    path("account/access/<int:pk>/end/", access.end, name="account-access-end"),
    path("account/activity/", activity.Activity.as_view(), name="account-activity"),
    path("account/help/", help.Help.as_view(), name="account-help"),
    path("account/subscriptions/<int:pk>/plan/", planning.ChangePlan.as_view(), name="account-plan"),
    path("account/subscriptions/<int:pk>/plan/withdraw/", planning.withdraw, name="account-plan-withdraw"),
    path("account/support/enter/", login_as.enter, name="support-enter"),
    path("account/support/end/", login_as.leave, name="support-end"),
    *addresses(PEOPLE, "account/team/"),
    path("accounts/join/account/<slug:token>/", Join.as_view(side=PEOPLE), name="account-team-join"),
]
