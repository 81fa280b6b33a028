"""What no form sends: hostile paths, headers, cookies, methods and bodies, byte by byte to the real server.

What the server refuses by itself, before the product is asked, is counted apart: it bears none of our headers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from ondemand import clock
from tests import factories
from tests.conftest import database, in_ci
from tests.counts import say
from tests.walls.hostile import MARKUP, TAG
from tests.walls.test_headers import missing_from
from tests.walls.web import FORM, Answer, Web, running

pytestmark = in_ci

LONG = "a" * 3_900
SESSION, CSRF, LANGUAGE = settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME
PAGES = ("/", "/dashboard/", "/signup/iberia-obps/", "/accounts/login/", "/admin/", "/no-such-page")
PATHS = [
    *(
        "/%00",
        "/customers/%00/",
        "/signup/%00/",
        "/accounts/join/%00/",
        "/accounts/join/a%00b/",
        "/signup/%ff/",
        "/%ff",
    ),
    *("/%c0%af", "/%ed%a0%80", "//x.example/", "///x.example", "/../../etc/passwd", "/customers/../admin/", "/%2e%2e/"),
    *("/static/../ondemand/settings.py", "/static/%2e%2e/%2e%2e/etc/passwd", "/static/%00", "/static/%ff", "/static/"),
    *(
        "/customers/%D9%A3/",
        "/customers/99999999999999999999999/",
        "/signup/progress/x/",
        "/accounts/password/reset/key/",
    ),
    *(
        "/accounts/password/reset/key/%00-%00/",
        f"/{LONG}",
        f"/{'a' * 9_000}",
        f"/{'%00' * 1_000}",
        "/%",
        "/%zz",
        "/;a=b",
    ),
    *(
        "http://elsewhere.example/",
        "http://localhost/",
        "*",
        "/customers",
        "/CUSTOMERS/",
        "/accounts/login/../../admin/",
    ),
    *(
        "/customers/?q=%00",
        "/customers/?q=%ff",
        "/customers/?q=%ed%a0%80",
        "/customers/?" + "a&" * 600,
        "/customers/?=&&",
    ),
    *("/accounts/login/?next=%00", "/accounts/login/?next=http%3A%2F%2F%5B", "/admin/login/?next=//x", "/?%00=%00"),
]
HEADERS = [
    *(
        ("Host", each)
        for each in ("elsewhere.example", "", "localhost:99999", "localhost:x", "[::1", "a" * 300, "é", TAG)
    ),
    *(("X-Forwarded-Host", each) for each in ("elsewhere.example", TAG)),
    *(("X-Forwarded-For", each) for each in ("x", "1.2.3.4, ' OR 1=1", "::::", ",,,", LONG)),
    *(("X-Forwarded-Proto", each) for each in ("https", "gopher", "")),
    *(("Accept-Language", each) for each in ("xx;q=nan", LONG, "en-" * 100, "*;q=0.5," * 100, "es;q=9", "é", "\x00")),
    *(("Accept", each) for each in ("", "application/json", "x/y;q=z", LONG)),
    *(
        ("Cookie", f"{SESSION}={each}")
        for each in ('"\\000aaaaaaaaaa"', '"\\377aaaaaaaaaa"', LONG, "é" * 9, "x" * 32, TAG)
    ),
    *(("Cookie", f"{CSRF}={each}") for each in ('"\\000"', LONG, "x", TAG)),
    *(("Cookie", f"{LANGUAGE}={each}") for each in ('"\\000"', "../../x", LONG, "xx", TAG)),
    *(
        ("Cookie", f"{SESSION.removesuffix('session')}{each}")
        for each in ('support="\\000"', f"theme={TAG}", "ticket=%00")
    ),
    *(("Cookie", f"messages={each}") for each in ('"\\000"', "[]", "a:b:c", LONG)),
    *(("Cookie", each) for each in (";;;", "=", "a" * 7_900, "a=b; " * 1_000)),
    *(("HX-Request", each) for each in ("true", "false", TAG)),
    *(("HX-Current-URL", each) for each in ("http://[", "%E0%A4%A", TAG, LONG)),
    *(("Referer", each) for each in ("http://[", "x", "https://elsewhere.example/")),
    *(("Origin", each) for each in ("null", "http://[", "https://elsewhere.example")),
    *(("Content-Length", each) for each in ("-1", "x", "1_0", "9" * 30, "")),
    *(("Range", "bytes=9999999999-"), ("If-Modified-Since", "x"), ("If-None-Match", "x" * 500), ("Expect", "x")),
    *(("Authorization", "Basic x"), ("Upgrade", "h2c"), ("X-Http-Method-Override", "DELETE"), ("x" * 300, "y")),
]
METHODS = ("TRACE", "PROPFIND", "CONNECT", "OPTIONS", "DELETE", "PATCH", "get", "X" * 100, "G;T", "HEAD")
PARTS = b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\nq\r\n--x--\r\n'
BODIES: list[tuple[dict[str, str], bytes]] = [
    ({"Content-Type": "application/json"}, b'{"login": "x"}'),
    ({"Content-Type": "multipart/form-data"}, b"x"),
    ({"Content-Type": "multipart/form-data; boundary=x"}, PARTS[:40]),
    ({"Content-Type": "multipart/form-data; boundary=x"}, PARTS),
    ({"Content-Type": f"multipart/form-data; boundary={'x' * 300}"}, PARTS),
    (
        {"Content-Type": "multipart/form-data; boundary=x"},
        PARTS.replace(b'name="login"', b'name="a"; filename="b\x00"'),
    ),
    ({"Content-Type": "text/html; charset=nonsense"}, b"login=x"),
    (FORM | {"Content-Type": FORM["Content-Type"] + "; charset=utf-16"}, "login=é".encode("utf-16")),
    (FORM | {"Content-Type": FORM["Content-Type"] + "; charset=nonsense"}, b"login=x"),
    (FORM | {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08\x00"),
    (FORM, b"a=1&" * 501),
    (FORM, b"login=" + b"a" * 1_048_576),
    (FORM, b"login=" + b"a" * 3_000_000),
    (FORM, b"login=%00&password=%ff&next=%ed%a0%80"),
    (FORM, b"\x00\xff\xfe" * 100),
    (FORM, b"&=&=&;" * 80),
]
JSON: list[bytes] = [
    *(b"[" * 100_000, b'{"a":' * 100_000, b"NaN", b"Infinity", b"-", b'"\\ud800"', b'{"a": 1, "a": 2}', b"9" * 10_000),
    *(b'{"readings": [' + b"9" * 400 + b"]}", b"\xff\xfe", b"\x00", b"", b"1e999", b'{"\\u0000": "\\u0000"}', b"[NaN]"),
]
MACHINES = (
    *("/api/instances/heartbeat/", "/api/zones/enrolments/", "/webhooks/stripe/", "/webhooks/stripe/connect/"),
    "/accounts/2fa/webauthn/login/",
)
CHUNKS = [
    b"7\r\nlogin=x\r\n0\r\n\r\n",
    b"z\r\nlogin=x\r\n0\r\n\r\n",
    b"ffffffffffff\r\nx",
    b"7\r\nlogin=",
    b"-1\r\n\r\n",
]


@pytest.fixture(scope="module")
def web(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    with django_db_blocker.unblock(), database("hostile_requests") as name:
        factories.make_cast(now=clock.now())
        with running(name, folder) as started:
            yield started


@pytest.fixture(scope="module")
def cookies(web: Web) -> str:
    return web.signed_in("owner@iberia.example")


def is_the_servers(answer: Answer) -> bool:
    return "Content-Security-Policy" not in answer.headers and answer.text.startswith("<html>\n")


def judge(asked: Iterator[tuple[str, Answer | None]], what: str) -> None:
    seen, wrong, count = Counter[int](), list[str](), Counter[str]()
    for name, answer in asked:
        count["requests"] += 1
        if answer is None or is_the_servers(answer):
            count["refused by the server itself"] += 1
            wrong += [f"{name}: reflected by the server"] if answer and MARKUP in answer.text.lower() else []
            continue
        seen[answer.status_code] += 1
        wrong += [f"{name}: {answer.status_code}"] if answer.status_code >= 500 else []
        wrong += [f"{name}: reflected"] if MARKUP in answer.text.lower() else []
        wrong += [f"{name}: lacks {each}" for each in missing_from(answer)]
    say(f"{what}: {dict(count)}, {dict(sorted(seen.items()))}, {len(wrong)} findings")
    assert not wrong, "\n".join(wrong)


def head(method: str, path: str, *headers: tuple[str, str]) -> bytes:
    given = {"Host": "localhost", "Connection": "close"} | dict(headers)
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def test_paths(web: Web, cookies: str) -> None:
    asked = ((path[:60], web.raw(head("GET", path, ("Cookie", cookies)))) for path in PATHS)
    judge(asked, "paths")


def test_headers(web: Web) -> None:
    asked = (
        (f"{page} {name}: {value[:40]}", web.raw(head("GET", page, (name, value))))
        for place, (name, value) in enumerate(HEADERS)
        for page in (PAGES if "session" in value else PAGES[place % len(PAGES) :][:2])
    )
    judge(asked, "headers")


def test_methods(web: Web, cookies: str) -> None:
    asked = (
        (f"{method} {page}", web.raw(head(method, page, ("Cookie", cookies))))
        for method in METHODS
        for page in ("/", "/customers/", "/accounts/login/", "/admin/", "/webhooks/stripe/", "/static/css/tokens.css")
    )
    judge(asked, "methods")


def test_bodies(web: Web) -> None:
    token, cookies = web.form("/accounts/login/")
    known = ("Cookie", cookies), ("X-CSRFToken", token)
    asked = (
        (
            f"POST {page} {headers} {body[:30]!r}",
            web.raw(head("POST", page, *known, *headers.items(), ("Content-Length", str(len(body)))) + body),
        )
        for headers, body in BODIES
        for page in ("/accounts/login/", "/signup/iberia-obps/", "/i18n/setlang/")
    )
    judge(asked, "bodies")


def test_chunks(web: Web) -> None:
    chunked = (("Transfer-Encoding", "chunked"), *FORM.items())
    asked = (
        (f"{page} {chunk!r}", web.raw(head("POST", page, *chunked) + chunk))
        for chunk in CHUNKS
        for page in ("/accounts/login/", "/api/instances/heartbeat/", "/webhooks/stripe/")
    )
    judge(asked, "chunks")


def test_json(web: Web) -> None:
    token, cookies = web.form("/accounts/login/")
    sent = (("Content-Type", "application/json"), ("Cookie", cookies), ("X-CSRFToken", token))
    asked = (
        (f"{path} {body[:30]!r}", web.raw(head("POST", path, *sent, ("Content-Length", str(len(body)))) + body))
        for path in MACHINES
        for body in JSON
    )
    judge(asked, "JSON")
