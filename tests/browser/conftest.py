from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ondemand.browser import NoBrowser, chromium
from tests.browser.windows import Windows
from tests.browser.zone import Zone, running_zone


@pytest.fixture
def zone(fresh_database: str, tmp_path: Path) -> Iterator[Zone]:
    with running_zone(tmp_path, fresh_database) as started:
        yield started


@pytest.fixture
def windows(zone: Zone) -> Iterator[Windows]:
    """Several people's browsers. What our pages complain of on the console fails the test at its end."""
    try:
        with chromium() as browser:
            opened = Windows(browser, zone.url)
            yield opened
            assert opened.complaints == []
    except NoBrowser as missing:
        without_browser(str(missing))


def without_browser(why: str) -> Any:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
