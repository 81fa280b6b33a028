"""Every page with data, wide and light, narrow and dark: axe objects to nothing, nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from ondemand.browser import NoBrowser, chromium
from ondemand.scopes import SUPPORT_COOKIE
from tests.browser.conftest import without_browser
from tests.browser.rows import EMPTY, HELPER, OWNER, PERSON, make_rows
from tests.browser.windows import Windows, run_script
from tests.browser.zone import running_zone
from tests.conftest import database, in_ci
from tests.factories import PASSWORD

PLACES = {
    OWNER: (
        "/dashboard/",
        "/customers/",
        "/customers/{customer}/",
        "/customers/{customer}/login/",
        "/instances/",
        "/instances/{instance}/",
        "/instances/{failed}/",
        "/commissions/",
        "/commissions/{commission}/",
        "/payments/",
        "/payments/{payment}/",
        "/sign-up-pages/",
        "/team/activity/",
        "/accounts/password/change/",
        "/accounts/email/",
        "/accounts/2fa/",
        "/accounts/data/",
        "/nowhere/",
    ),
    PERSON: (
        "/account/",
        "/account/order/",
        "/account/data/",
        "/account/help/",
        "/account/activity/",
        "/account/access/",
    ),
    HELPER: ("/account/", "/account/team/"),
    EMPTY: ("/dashboard/", "/customers/", "/instances/", "/commissions/", "/payments/"),
    "": (
        "/accounts/login/",
        "/accounts/password/reset/",
        "/signup/{slug}/",
        "/signup/nothing/",
        "/signup/progress/{signup}/",
        "/signup/progress/{held}/",
        "/signup/progress/{refused}/",
        "/signup/terms/2026-11/",
    ),
}
STATUS = {"/nowhere/": 404, "/signup/nothing/": 404, "/account/team/": 403}
PAGES = [(person, path) for person, paths in PLACES.items() for path in paths]
WIDE: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
NARROW: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


@dataclass
class Viewer:
    """Opens a page as a person, in one window for each of them and each size."""

    windows: Windows
    ids: dict[str, object]
    opened: dict[tuple[str, bool], Page] = field(default_factory=dict)

    def look(self, person: str, path: str, *, narrow: bool) -> Page:
        key = (person, narrow)
        if key not in self.opened:
            self.opened[key] = self.window(person, **(NARROW if narrow else WIDE))
        answer = self.opened[key].goto(path.format(**self.ids))
        assert answer and answer.status == STATUS.get(path, 200), (path, answer and answer.status)
        return self.opened[key]

    def window(self, person: str, **options: Any) -> Page:
        if not person:
            return self.windows.open(**options)
        page = self.windows.sign_in(person, PASSWORD, **options)
        if person == OWNER:
            self.windows.give_password_again(page, PASSWORD)
        if person == HELPER:
            visit = str(self.ids["visit"])
            page.context.add_cookies([{"name": SUPPORT_COOKIE, "value": visit, "url": self.windows.url}])
        return page


@pytest.fixture(scope="module")
def viewer(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Viewer]:
    with django_db_blocker.unblock(), database("pages") as name:
        ids = make_rows()
        with running_zone(tmp_path_factory.mktemp("zone"), name, worker=False) as zone:
            try:
                with chromium() as browser:
                    yield Viewer(Windows(browser, zone.url), ids)
            except NoBrowser as missing:
                without_browser(str(missing))


def objections(page: Page) -> list[str]:
    found = run_script(page, AXE_SCRIPT, "axe.run()")
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]


def sideways(page: Page, width: int) -> int:
    """How many pixels the page is wider than a window of that width."""
    page.set_viewport_size({"width": width, "height": 844})
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize(("person", "path"), PAGES)
def test_axe_finds_nothing_on_a_wide_page(viewer: Viewer, person: str, path: str) -> None:
    assert objections(viewer.look(person, path, narrow=False)) == []


@in_ci
@pytest.mark.parametrize(("person", "path"), PAGES)
def test_a_wide_page_does_not_scroll_sideways(viewer: Viewer, person: str, path: str) -> None:
    page = viewer.look(person, path, narrow=False)
    assert {width: sideways(page, width) for width in (1440, 1280)} == {1440: 0, 1280: 0}


@in_ci
@pytest.mark.parametrize(("person", "path"), PAGES)
def test_axe_finds_nothing_on_a_narrow_dark_page(viewer: Viewer, person: str, path: str) -> None:
    assert objections(viewer.look(person, path, narrow=True)) == []


@in_ci
@pytest.mark.parametrize(("person", "path"), PAGES)
def test_a_narrow_page_does_not_scroll_sideways(viewer: Viewer, person: str, path: str) -> None:
    page = viewer.look(person, path, narrow=True)
    assert {width: sideways(page, width) for width in (390, 320)} == {390: 0, 320: 0}


def test_axe_finds_a_page_without_a_language(viewer: Viewer) -> None:
    page = viewer.look("", "/accounts/login/", narrow=False)
    page.evaluate("document.documentElement.removeAttribute('lang')")
    assert [each for each in objections(page) if each.startswith("html-has-lang")]


def test_no_page_complains_on_the_console(viewer: Viewer) -> None:
    """Of all that were opened before: refused content, scripts' errors, answers of 500 and above."""
    complaints = viewer.windows.complaints
    assert [each for each in complaints if not each.partition(": ")[0].endswith(tuple(STATUS))] == []
