"""What stands on every answer, whatever went wrong; and pages for what went wrong that need no database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.http import HttpRequest
from django.test import Client, RequestFactory

from ondemand import clock, errors
from ondemand.dashboard import Dashboard
from ondemand.management.commands.quality import PRODUCTION
from ondemand.servers import ROOT
from tests.conftest import long_share
from tests.counts import say
from tests.factories import sign_in
from tests.walls.addresses import Address, addresses
from tests.walls.marked import Marked, make_marked
from tests.walls.test_matrix import Visitor

REFERRER = {"same-origin", "strict-origin"}


def missing_from(answer: Any) -> list[str]:
    """What an answer lacks of what every answer has."""
    policy = answer.headers.get("Content-Security-Policy", "")
    directives = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}
    checks = {
        "default-src 'none'": directives.get("default-src") == ["'none'"],
        "no unsafe source": "unsafe" not in policy,
        "frame-ancestors": bool(directives.get("frame-ancestors")) and "*" not in policy,
        "base-uri 'none'": directives.get("base-uri") == ["'none'"],
        "nosniff": answer.headers.get("X-Content-Type-Options") == "nosniff",
        "Referrer-Policy": answer.headers.get("Referrer-Policy") in REFERRER,
    }
    kept = [cookie for cookie in _cookies(answer) if cookie.value]
    cookies = [cookie for cookie in kept if not cookie["httponly"] or not cookie["samesite"]]
    return [name for name, right in checks.items() if not right] + [f"cookie {cookie.key}" for cookie in cookies]


def _cookies(answer: Any) -> Iterable[Morsel[str]]:
    """Of a test client's answer, or of one that came over the network."""
    if hasattr(answer, "cookies"):
        return list(answer.cookies.values())
    kept: SimpleCookie = SimpleCookie()
    for each in answer.headers.get_all("Set-Cookie") or []:
        kept.load(each)
    return kept.values()


@pytest.fixture
def marked(fresh_database: str, settings: Any) -> Marked:
    settings.STRIPE_RETRIES = 0
    return make_marked()


def walked(who: str) -> Iterator[Address]:
    """Everything in CI; every day the admin's pages, which are alike, are seen by staff, and their lists alone."""
    for address in addresses():
        if long_share() or not address.is_admin or (who == "staff" and not address.parameters):
            yield address


@pytest.mark.parametrize("who", ["anonymous", "finance", "staff"])
def test_every_answer_has_them(marked: Marked, who: str) -> None:
    users = {"anonymous": None, "finance": marked.cast.iberia.finance, "staff": marked.cast.staff}
    visitor, values, wrong, seen = Visitor(users[who]), marked.values(), [], dict[int, int]()
    for address in walked(who):
        path, _ = values.paths(address)
        answer = visitor.ask("GET", path)
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
        wrong += [f"{path} {answer.status_code}: {each}" for each in missing_from(answer)]
    say(f"{who}: {sum(seen.values())} answers {dict(sorted(seen.items()))}, {len(wrong)} headers missing")
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/no-such-page", "/static/css/tokens.css", "/static/nothing.css"])
def test_addresses_outside_the_urlconf_have_them(path: str) -> None:
    assert missing_from(Client().get(path)) == []


def test_a_bug_has_them(marked: Marked, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(self: Dashboard, request: HttpRequest) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Dashboard, "get", bug)
    browser = sign_in(marked.cast.iberia.owner)
    browser.raise_request_exception = False
    answer = browser.get("/dashboard/")
    assert friendly(answer, 500)
    assert missing_from(answer) == []


@pytest.fixture
def no_database(django_db_blocker: Any) -> Iterator[None]:
    """Every connection leads where nobody answers."""
    before = {each.alias: dict(each.settings_dict) for each in connections.all()}
    with django_db_blocker.unblock():
        for each in connections.all():
            each.close()
            each.settings_dict |= {"HOST": "127.0.0.1", "PORT": "9"}
        yield
    for each in connections.all():
        each.close()
        each.settings_dict.update(before[each.alias])


def test_whom_to_tell_of_a_hole_is_said(client: Client, settings: Any) -> None:
    answer = client.get("/.well-known/security.txt")
    lines = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert lines["Contact"] == settings.SECURITY_CONTACT
    assert clock.now() < datetime.fromisoformat(lines["Expires"]) < clock.now() + timedelta(days=366)


def friendly(answer: Any, status: int) -> bool:
    text = answer.text if hasattr(answer, "text") else answer.content.decode()
    assert answer.status_code == status, text
    return "<h1>" in text and 'href="/"' in text and "Traceback" not in text


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [("/", "elsewhere.example", 400), ("/no-such-page", "testserver", 404), ("/dashboard/", "testserver", 503)],
)
def test_a_visitor_is_told_without_a_database(no_database: None, path: str, host: str, status: int) -> None:
    browser = Client(raise_request_exception=False, headers={"host": host})
    if status == 503:
        browser.cookies[django_settings.SESSION_COOKIE_NAME] = "some-session"
    answer = browser.get(path)
    assert friendly(answer, status)
    assert missing_from(answer) == []


@pytest.fixture
def asked(rf: RequestFactory) -> HttpRequest:
    request = rf.get("/")
    request.user = AnonymousUser()
    return request


def test_who_is_refused_is_told_without_a_database(no_database: None, asked: HttpRequest) -> None:
    assert friendly(errors.forbidden(asked), 403)
    assert friendly(errors.csrf_failure(asked), 403)


def test_who_tried_too_often_is_told_without_a_database(no_database: None, asked: HttpRequest) -> None:
    assert friendly(errors.too_many(asked), 429)


IN_PRODUCTION = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
from ondemand.scopes import SUPPORT_COOKIE
answer = Client(headers={"host": settings.ALLOWED_HOSTS[0]}).get("/healthz", secure=True)
names = [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, SUPPORT_COOKIE]
secure = [settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.LANGUAGE_COOKIE_SECURE]
print(json.dumps([names, secure, answer.headers["Strict-Transport-Security"], settings.SECURE_SSL_REDIRECT]))
"""


def in_production(program: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"DJANGO_SETTINGS_MODULE": "ondemand.settings", "PATH": "/usr/bin:/bin"} | PRODUCTION | settings
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


def test_in_production_the_hosts_are_named() -> None:
    """A mailed link begins with the host that was asked for."""
    done = in_production("import ondemand.settings", ALLOWED_HOSTS="*")
    assert (done.returncode, done.stderr.partition(":")[0]) == (1, "ALLOWED_HOSTS='*'")


def test_in_production_cookies_are_the_hosts_own_and_transport_is_strict() -> None:
    done = in_production(IN_PRODUCTION)
    assert done.returncode == 0, done.stderr
    names, secure, strict, redirects = json.loads(done.stdout.splitlines()[-1])
    assert all(name.startswith("__Host-") for name in names)
    assert all(secure)
    assert "max-age=31536000" in strict
    assert redirects
