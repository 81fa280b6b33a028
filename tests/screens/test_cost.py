"""What a screen asks of the database."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.factories import Cast, sign_in
from tests.screens.pages import LISTS, NOW, settle, shown

pytestmark = pytest.mark.django_db

SHELL = re.compile(
    r'set_config|SAVEPOINT|django_session|"ondemand_user"|SET CONSTRAINTS|FROM "partners_(?:member|partner)"'
)


@pytest.mark.parametrize("url", LISTS)
def test_a_list_asks_the_database_few_times_whatever_its_size(world: Cast, url: str) -> None:
    factories.make_bank_account(house=world.iberia, now=NOW)
    settle(world.iberia, world, "First")
    factories.make_payment(house=world.iberia, cast=world)
    browser = sign_in(world.iberia.owner)
    few = queries_of(browser, url)
    for number in range(4):
        settle(world.iberia, world, f"Another {number}")
    assert queries_of(browser, url) == few
    assert len(few) <= 6, few


def test_the_dashboard_asks_the_database_few_times(world: Cast) -> None:
    settle(world.iberia, world, "First")
    found = queries_of(sign_in(world.iberia.owner), "/dashboard/")
    assert len(found) <= 14, found


def queries_of(browser: Client, url: str) -> list[str]:
    """What the screen asks, less the shell's own: session, person, member, scope, partner."""
    with CaptureQueriesContext(connection) as captured:
        shown(browser, url)
    asked = [query["sql"] for query in captured.captured_queries if not SHELL.search(query["sql"])]
    return [re.sub(r"\d+|'[^']*'", "?", sql)[:120] for sql in asked]
