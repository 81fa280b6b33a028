"""What a visitor reads when something went wrong, by real requests; also while PostgreSQL is away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ondemand import clock
from tests import factories
from tests.conftest import database
from tests.walls.test_headers import friendly, missing_from
from tests.walls.web import FORM, Web, refusing, running

NEED_ROWS = ("/dashboard/", "/signup/iberia-obps/", "/accounts/login/", "/accounts/join/x/", "/account/", "/admin/")
NEED_NONE = (("/no-such-page", 404), ("/healthz", 200), ("/static/css/tokens.css", 200), ("/favicon.ico", 302))
HTMX = {"HX-Request": "true", "HX-Target": "list"}


@pytest.fixture(scope="module")
def named(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock(), database("error_pages") as name:
        factories.make_cast(now=clock.now())
        yield name


@pytest.fixture(scope="module")
def web(named: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("web")
    with running(named, folder) as started:
        yield started


@pytest.fixture(scope="module")
def finance(web: Web) -> dict[str, str]:
    return {"Cookie": web.signed_in("finance@iberia.example")}


@pytest.mark.parametrize("path", NEED_ROWS)
def test_without_the_database_a_page_says_so_and_gives_a_reference(
    web: Web, named: str, finance: dict[str, str], path: str
) -> None:
    with refusing(named):
        answer = web.ask("GET", path, headers=finance)
        spanish = web.ask("GET", path, headers=finance | {"Accept-Language": "es"})
    assert friendly(answer, 503)
    assert friendly(spanish, 503)
    assert re.search(r"<code>[0-9a-f]{8}</code>", answer.text)
    assert answer.headers["Retry-After"]
    assert ('lang="en"' in answer.text, 'lang="es"' in spanish.text) == (True, True)
    assert [missing_from(each) for each in (answer, spanish)] == [[], []]


def test_without_the_database_what_needs_none_is_there(web: Web, named: str) -> None:
    with refusing(named):
        seen = [(path, web.ask("GET", path).status_code) for path, _ in NEED_NONE]
        ready = web.ask("GET", "/readyz").status_code
    assert (tuple(seen), ready) == (NEED_NONE, 503)


def test_when_the_database_is_back_the_pages_are_back(web: Web, named: str, finance: dict[str, str]) -> None:
    with refusing(named):
        assert web.ask("GET", "/dashboard/", headers=finance).status_code == 503
    assert [web.ask("GET", "/dashboard/", headers=finance).status_code for _ in range(5)] == [200] * 5


def test_a_foreign_host_is_a_400(web: Web) -> None:
    answer = web.ask("GET", "/", headers={"Host": "elsewhere.example", "Accept-Language": "es"})
    assert friendly(answer, 400)
    assert 'lang="es"' in answer.text
    assert missing_from(answer) == []


def test_a_page_of_another_role_is_a_403(web: Web, finance: dict[str, str]) -> None:
    answer = web.ask("GET", "/instances/", headers=finance)
    assert friendly(answer, 403)
    assert missing_from(answer) == []


def test_a_form_without_its_token_is_a_403_that_says_what_to_do(web: Web) -> None:
    answer = web.ask("POST", "/accounts/login/", b"login=x", FORM)
    assert friendly(answer, 403)
    assert "load the page again" in answer.text
    assert missing_from(answer) == []


def test_who_tries_too_often_is_told_by_a_429(web: Web) -> None:
    token, cookies = web.form("/accounts/login/")
    body = f"csrfmiddlewaretoken={token}&credential={{}}".encode()
    for _ in range(11):
        answer = web.ask("POST", "/accounts/2fa/webauthn/login/", body, FORM | {"Cookie": cookies})
    assert friendly(answer, 429)
    assert missing_from(answer) == []


def test_where_htmx_asked_a_sentence_stands_above_the_page(web: Web, named: str, finance: dict[str, str]) -> None:
    asked = finance | HTMX
    with refusing(named):
        away = web.ask("GET", "/customers/?q=x", headers=asked)
    refused = web.ask("GET", "/instances/?q=x", headers=asked)
    missing = web.ask("GET", "/customers/999999/", headers=asked)
    for answer, status in ((away, 503), (refused, 403), (missing, 404)):
        assert friendly(answer, status)
        assert answer.text.lstrip().startswith('<div id="failed"')
        assert (answer.headers["HX-Retarget"], answer.headers["HX-Reselect"]) == ("#main", "#failed")
