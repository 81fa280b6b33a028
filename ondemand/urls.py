"""Every address, by app. What outsiders depend on stands in the README."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from customers import card
from instances import api
from ondemand import dashboard, errors, views, webhooks
from ondemand.access import views as access
from ondemand.personal import views as personal

handler400, handler403, handler404 = errors.bad_request, errors.forbidden, errors.not_found
handler429, handler500 = errors.too_many, errors.server_error

urlpatterns: list[URLPattern | URLResolver] = [
    # Machines ask most often, and each address above theirs would cost them.
    path("webhooks/stripe/", webhooks.stripe_webhook, name="stripe-webhook"),
    path("webhooks/stripe/connect/", webhooks.connect_webhook, name="stripe-connect-webhook"),
    path("api/instances/heartbeat/", api.heartbeat, name="heartbeat"),
    path("", views.home, name="home"),
    path("dashboard/", dashboard.Dashboard.as_view(), name="dashboard"),
    path("", include("customers.urls")),
    path("", include("instances.urls")),
    path("", include("commissions.urls")),
    path("", include("payments.urls")),
    path("", include("partners.urls")),
    path("", include("signup.urls")),
    path("accounts/data/", personal.person_page, name="personal-data"),
    path("accounts/data/export/", personal.export_person, name="personal-data-export"),
    path("accounts/data/erase/", personal.erase_person, name="personal-data-erase"),
    path("accounts/2fa/webauthn/keys/<int:pk>/remove/", access.RemoveKey.as_view(), name="mfa_remove_webauthn"),
    path("accounts/sessions/<int:pk>/end/", access.end_session, name="usersessions_end"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("account/card/", card.card, name="account-card"),
    path("account/data/", personal.company_page, name="account-data"),
    path("account/data/export/", personal.export_company, name="account-data-export"),
    path("account/data/erase/", personal.erase_company, name="account-data-erase"),
    path("preferences/", views.preferences, name="preferences"),
    path("i18n/setlang/", views.language, name="set_language"),
    path("favicon.ico", views.favicon, name="favicon"),
    path(".well-known/security.txt", views.security_txt, name="security-txt"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]
if settings.ONDEMAND_ENV == "demo":
    from ondemand import demo_pages

    urlpatterns += demo_pages.urlpatterns
