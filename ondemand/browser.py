"""A Chromium of this machine, driven by playwright: for the README's pictures and for the tests of pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_PLAYWRIGHT = "playwright is not installed: .venv/bin/pip install --require-hashes -r requirements/browser.txt"
NO_BROWSER = (
    "No Chromium was found: `apt-get update && apt-get install -y chromium`, or name one in the variable CHROMIUM."
)


class NoBrowser(Exception):
    """There is none, or nothing to drive it with; the message says how to get it."""


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """With `flags` of the caller's own. Raises NoBrowser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise NoBrowser(NO_PLAYWRIGHT) from None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_executable(playwright), args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


def _executable(playwright: Playwright) -> str:
    """$CHROMIUM, playwright's own, then what the machine has."""
    if chosen := os.environ.get("CHROMIUM"):
        if not Path(chosen).exists():
            raise NoBrowser(f"CHROMIUM={chosen!r}: there is no such file.")
        return chosen
    own = playwright.chromium.executable_path
    found = [own] if Path(own).exists() else [path for name in NAMES if (path := shutil.which(name))]
    if not found:
        raise NoBrowser(NO_BROWSER)
    return found[0]
