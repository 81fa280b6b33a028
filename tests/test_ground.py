"""The ground that tests stand on: servers of their own, the roles, the guards of this suite."""

import os
import re
import threading
from typing import Any

import pytest
from django.db import DatabaseError, connection

from ondemand import bootstrap, testing
from ondemand.servers import ROOT
from tests.conftest import in_ci

pytest_plugins = ["pytester"]


def _ask(query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()


@pytest.mark.django_db
def test_tests_work_on_a_throw_away_server() -> None:
    assert connection.settings_dict["HOST"].startswith(str(testing.STATE))
    assert _ask("SHOW server_version_num")[0] >= "180000"


@pytest.mark.django_db
def test_tests_connect_as_the_application() -> None:
    assert _ask("SELECT current_user") == ("portal_app",)


@pytest.mark.django_db
def test_the_application_cannot_make_tables() -> None:
    with pytest.raises(DatabaseError, match="permission denied"):
        _ask("CREATE TABLE mine (id int)")


@pytest.mark.django_db
def test_the_extensions_that_the_schema_uses_are_there() -> None:
    query = "SELECT count(*) FROM pg_available_extensions WHERE name IN ('btree_gist', 'pg_trgm')"
    assert _ask(query) == (2,)


def test_a_fresh_database_is_seen_by_other_threads_too(fresh_database: str) -> None:
    seen: list[Any] = []

    def look() -> None:
        seen.append(_ask("SELECT current_database()")[0])
        connection.close()

    other = threading.Thread(target=look)
    other.start()
    other.join()
    assert seen == [fresh_database]


def test_no_setting_of_the_developer_reaches_the_tests() -> None:
    assert os.environ["ONDEMAND_ENV"] == "test"
    assert str(testing.STATE) in os.environ["REDIS_URL"]


SUITE = """
import pytest
def test_skipped(): pytest.skip("no browser")
@pytest.mark.xfail
def test_expected_to_fail(): assert False
def test_passes(): pass
"""


@in_ci
@pytest.mark.parametrize(("ci", "outcome"), [("true", {"passed": 1, "failed": 2}), ("", {"passed": 1, "skipped": 1})])
def test_in_ci_what_is_skipped_or_expected_to_fail_has_failed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, outcome: dict[str, int]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")  # of this run, so that no servers are started
    pytester.makeconftest("from tests.conftest import pytest_make_collect_report, pytest_runtest_makereport")
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_subprocess("-p", "no:xdist")
    result.assert_outcomes(**outcome, xfailed=0 if ci else 1)


@in_ci
def test_a_test_that_would_flush_the_database_is_refused(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    pytester.makeconftest("from tests.conftest import pytest_collection_modifyitems")
    pytester.makepyfile("import pytest\n@pytest.mark.django_db(transaction=True)\ndef test_x(): pass")
    result = pytester.runpytest_subprocess("-p", "no:xdist")
    assert "use the fixture fresh_database" in result.stderr.str()


def test_two_pips_never_have_the_same_package() -> None:
    texts = [(ROOT / "requirements" / f"{name}.txt").read_text() for name in bootstrap.WITH_TESTS]
    early, late = (set(re.findall(r"^([\w-]+)==", half, re.MULTILINE)) for half in bootstrap.halves(texts))
    assert early | late == set(re.findall(r"^([\w-]+)==", "\n".join(texts), re.MULTILINE))
    assert not early & late
