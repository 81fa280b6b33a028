"""The owner migrates a template once; tests work on copies of it, connected as portal_app."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from ondemand import testing
from tests import stripe_contract
from tests.counts import COUNTED
from tests.pooler import Pooler, missing, pooling

CI = os.environ.get("CI") == "true"
REAL_CACHES = settings.CACHES
LONGEST = ("tests/planting/", "tests/inbox/test_worlds.py", "tests/walls/test_hostile")  # one process for each file
_numbers = count(1)


def long_share() -> float:
    """How much of a long test to run: all with ONDEMAND_LONG=1, a tenth in CI, nothing every day."""
    if os.environ.get("ONDEMAND_LONG") == "1":
        return 1.0
    return 0.1 if CI else 0.0


in_ci = pytest.mark.skipif(
    not long_share() and "PLANTED" not in os.environ, reason="takes long, so CI alone runs it: set CI=true"
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A flush is refused by the walls and by the ledger: say what to use instead. The longest files begin first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and (marker.kwargs.get("transaction") or any(marker.args)):
            raise pytest.UsageError(f"{item.nodeid}: use the fixture fresh_database")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    return _strict((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    return _strict((yield))


def _strict(report: Any) -> Any:
    """In CI whatever was skipped, or expected to fail, has failed."""
    if CI and (report.skipped or hasattr(report, "wasxfail")):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"Nothing is skipped or expected to fail in CI: {reason or 'it passed'}"
        report.outcome = "failed"
        vars(report).pop("wasxfail", None)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands what it counted to the process that started it."""
    if handed_over := getattr(session.config, "workeroutput", None):
        handed_over["checked"] = dict(stripe_contract.CHECKED)
        handed_over["counted"] = COUNTED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    handed_over = getattr(node, "workeroutput", {})
    stripe_contract.CHECKED.update(handed_over.get("checked", {}))
    COUNTED.extend(handed_over.get("counted", []))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in [*COUNTED, stripe_contract.summary()]:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        with testing.locked("template"):
            _make_template()
        with database():
            yield


def _make_template() -> None:
    """Migrate as the owner (the project's own command does); another process may have done it."""
    part = f"{testing.TEMPLATE}_part"
    if testing.postgres.has_database(testing.TEMPLATE):
        return
    testing.postgres.drop_database(part)
    testing.postgres.create_database(part)
    with using(part):
        call_command("migrate", verbosity=0)
    testing.postgres.rename_database(part, testing.TEMPLATE)


@pytest.fixture
def fresh_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of the test's own, for what needs real commits, threads or other programs; its name."""
    with django_db_blocker.unblock(), database(str(next(_numbers))) as name:
        yield name


@pytest.fixture
def pooler(fresh_database: str) -> Iterator[Pooler]:
    """Two connections to the test's own database, for everyone."""
    if why := missing():
        pytest.skip(why)
    with pooling(fresh_database, size=2) as started:
        yield started


@pytest.fixture(autouse=True)
def cache_in_memory(settings: Any) -> None:
    """The database's cache has a connection of its own, which a test's transaction does not roll back."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.fixture
def database_cache(settings: Any, fresh_database: str) -> None:
    settings.CACHES = REAL_CACHES


@contextmanager
def database(purpose: str = "") -> Iterator[str]:
    """A copy of the template that everyone's next connection goes to, also other threads'; no other worker's."""
    name = "_".join(filter(None, (testing.DATABASE, purpose)))
    testing.postgres.create_database(name, template=testing.TEMPLATE)
    try:
        with using(name):
            yield name
    finally:
        testing.postgres.drop_database(name)


@contextmanager
def using(name: str) -> Iterator[None]:
    before = connection.settings_dict["NAME"]
    _use(name)
    try:
        yield
    finally:
        _use(before)


def _use(name: str) -> None:
    for each in connections.all():
        each.close()
        each.settings_dict["NAME"] = name
