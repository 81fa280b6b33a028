"""Signing in with a second factor in a real browser: a code of an authenticator app, and a passkey."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from playwright.sync_api import Page, expect

from ondemand import clock
from ondemand.tenancy.context import Scope, tenant
from ondemand.tenancy.roles import Role
from tests.browser.windows import Windows
from tests.browser.zone import Zone
from tests.conftest import in_ci
from tests.factories import PASSWORD, Cast, make_cast
from tests.walls.test_accounts import code

pytestmark = in_ci

SECRET = generate_totp_secret()
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def cast(fresh_database: str) -> Cast:
    made = make_cast(now=clock.now())
    with tenant(Scope(Role.AUTH)):
        TOTP.activate(made.iberia.finance, SECRET)
    return made


def give_passkey(page: Page) -> None:
    """A virtual authenticator, by the debugger's door."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})


def sees_the_dashboard(page: Page) -> None:
    page.goto("/dashboard/")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_a_code_of_an_app_is_asked_for_after_the_password(cast: Cast, zone: Zone, windows: Windows) -> None:
    page = windows.sign_in(cast.iberia.finance.email, PASSWORD)
    assert "/accounts/2fa/authenticate/" in page.url
    page.locator("input[name=code]").fill(code(SECRET))
    page.locator("form:has(input[name=code]) button[type=submit]").first.click()
    sees_the_dashboard(page)


def test_a_passkey_signs_in_without_a_password(cast: Cast, zone: Zone, windows: Windows) -> None:
    page = windows.sign_in(cast.iberia.owner.email, PASSWORD)
    give_passkey(page)
    page.goto("/accounts/2fa/webauthn/add/")
    if "reauthenticate" in page.url:
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("form:has(input[type=password]) button[type=submit]").first.click()
    page.locator("input[name=name]").fill("Laptop")
    page.locator("input[name=passwordless]").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url("**/accounts/2fa/recovery-codes/**")
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/dashboard/")
    sees_the_dashboard(page)
