"""The ground that tests stand on: servers of their own, the roles, the guards of this suite."""

import os
import threading
from typing import Any

import pytest
from django.db import DatabaseError, connection

from ondemand import testing

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
