"""A page of another origin frames the first step, third-party cookies blocked, and ends at Checkout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ondemand.browser import NoBrowser, chromium
from ondemand.tenancy.context import as_worker
from partners.models import Campaign
from tests.browser.conftest import without_browser
from tests.browser.zone import Zone
from tests.conftest import in_ci

pytestmark = in_ci

PLAN = "starter:Starter:4900:1500:200:1000"
TYPED = {"Company": "Café Central, S.L.", "Your name": "Ana Gil", "E-mail": "ana@central.example"}
COOKIE = "(document.cookie = 'mark=1; SameSite=None; Secure', document.cookie)"
BLOCKED = "--test-third-party-cookie-phaseout"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """The test's output is not a log."""


@contextmanager
def site(folder: Path, frame: str) -> Iterator[str]:
    """A partner's own site: by its port another origin than the portal, and at 127.0.0.1 another site, too."""
    folder.mkdir()
    (folder / "index.html").write_text(f'<h1>Iberia Soft</h1><iframe src="{frame}" width="900" height="900"></iframe>')
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f":{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def port(zone: Zone, tmp_path: Path) -> Iterator[str]:
    """Of the partner's site, which may show the frame at 127.0.0.1."""
    zone.manage("add_product", "retail", "Openbravo for Retail", "--retail", "--plan", PLAN)
    zone.manage("enrol_partner", "iberia", "Iberia Soft", "owner@iberia.example")
    with site(tmp_path / "site", f"{zone.url}/signup/iberia-retail/embed/") as opened:
        with as_worker():
            Campaign.objects.update(allowed_origins=[f"http://127.0.0.1{opened}"])
        yield opened


@pytest.fixture
def browser(port: str) -> Iterator[Browser]:
    try:
        with chromium(BLOCKED) as opened:
            yield opened
    except NoBrowser as missing:
        without_browser(str(missing))


def fill_in_the_frame(page: Page) -> None:
    frame = page.frame_locator("iframe")
    for label, value in TYPED.items():
        frame.get_by_label(label).fill(value)
    frame.get_by_label("Country").select_option("ES")
    assert page.frames[1].evaluate(COOKIE) == ""
    assert page.context.cookies() == []
    frame.get_by_role("button", name="Continue").click()


def go_on(page: Page, zone: Zone) -> None:
    expect(page.get_by_role("button", name="Continue to the card")).to_be_visible()
    assert page.url.startswith(zone.url)
    for label, value in TYPED.items():
        expect(page.get_by_label(label)).to_have_value(value)
    expect(page.get_by_label("Country")).to_have_value("ES")
    page.get_by_label("Username").fill("central")
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Continue to the card").click()
    expect(page.get_by_role("heading", name="Subscribe")).to_be_visible()


def test_a_frame_on_a_partners_site_ends_at_checkout(zone: Zone, port: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"http://127.0.0.1{port}")
    fill_in_the_frame(page)
    go_on(page, zone)


def test_a_frame_on_another_site_stays_empty(port: str, browser: Browser) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"http://localhost{port}")
    expect(page.get_by_role("heading", name="Iberia Soft")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.frame_locator("iframe").get_by_label("Company").count() == 0
    assert any("frame-ancestors" in each for each in complaints), complaints
