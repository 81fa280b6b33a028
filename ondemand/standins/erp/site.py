"""An instance at its own address."""

import re
from collections.abc import Callable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from ondemand.standins.erp import forms, logins, pages, usage
from ondemand.standins.erp.forms import Invalid
from ondemand.standins.erp.messages import Request, Response, json_response, redirect
from ondemand.standins.erp.park import Park
from ondemand.standins.erp.servers import VERSION, Actor, Server

STYLES = (Path(__file__).parent / "standin.css").read_text()
COOKIE = "standin_instance"
WORK = re.compile(r"/(users|terminals)/(\d{1,9})/work")
GONE = (
    "There is no instance at this address",
    "It may have ended, or the address has a slip.",
)


class Site:
    def __init__(self, park: Park) -> None:
        self.park = park

    def answer(self, name: str, request: Request) -> Response:
        """The answer of the instance `name` (the first label of the host)."""
        if request.path == "/standin.css" and request.method == "GET":
            return Response(HTTPStatus.OK, STYLES, "text/css; charset=utf-8")
        with self.park.lock:
            server = self.park.named(name)
            if server is None:
                return _page(HTTPStatus.NOT_FOUND, *GONE)
            if request.path == "/healthz":
                return _health(server)
            if server.state != "running":
                return _closed(server)
            answers = {"GET": self._get, "POST": self._post}
            answer = answers.get(request.method)
            return answer(server, request) if answer else _missing()

    def _get(self, server: Server, request: Request) -> Response:
        if request.path == "/":
            return self._home(server, request)
        if request.path == "/login":
            return self._login(server, request.parameters().get("token", ""))
        return _missing()

    def _home(self, server: Server, request: Request, wrong: Invalid | None = None) -> Response:
        status = HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY
        visitor = logins.visitor(server, _cookie(request))
        day = self.park.clock.today().isoformat()
        typed = wrong.typed if wrong else None
        return Response(status, pages.home(server, self.park.zone, day, visitor, typed))

    def _login(self, server: Server, token: str) -> Response:
        try:
            with self.park.changing(server.id) as opened:
                cookie = logins.redeem(opened, token, self.park.clock.now())
        except logins.BadLink as error:
            return _page(HTTPStatus.GONE, "This link no longer opens the instance", str(error))
        return redirect("/", {"Set-Cookie": f"{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Lax"})

    def _post(self, server: Server, request: Request) -> Response:
        if not _same_origin(request):
            return _page(HTTPStatus.FORBIDDEN, "Refused", "This form was sent from another site.")
        action = self._action(server, request)
        if action is None:
            return _missing()
        try:
            with self.park.changing(server.id) as changed:
                anchor = action(changed, request)
                today = self.park.clock.today().isoformat()
                usage.reading_of(changed, today, today)
        except Invalid as wrong:
            return self._home(self.park.server(server.id), request, wrong)
        return redirect(f"/{anchor}")

    def _action(self, server: Server, request: Request) -> Callable[[Server, Request], str] | None:
        simple = {"/users": _add_user, "/work": self._work_all, "/disk": _store_data, "/logout": _leave}
        if server.is_retail:
            simple["/terminals"] = _add_terminal
        match = WORK.fullmatch(request.path)
        if match is None:
            return simple.get(request.path)
        kind, number = match.groups()
        known = any(actor.id == int(number) for actor in _actors(server, kind))
        return (lambda changed, _: self._work_one(changed, kind, int(number))) if known else None

    def _work_all(self, server: Server, request: Request) -> str:
        for actor in [*server.users, *server.terminals]:
            actor.worked_on = self.park.clock.today().isoformat()
        return ""

    def _work_one(self, server: Server, kind: str, number: int) -> str:
        for actor in _actors(server, kind):
            if actor.id == number:
                actor.worked_on = self.park.clock.today().isoformat()
        return f"#{kind}"


def _add_user(server: Server, request: Request) -> str:
    usage.add(server.users, forms.new_name("user", request.form(), server.users))
    return "#users"


def _add_terminal(server: Server, request: Request) -> str:
    usage.add(server.terminals, forms.new_name("terminal", request.form(), server.terminals))
    return "#terminals"


def _store_data(server: Server, request: Request) -> str:
    server.disk_mb += forms.megabytes(request.form())
    return "#data"


def _leave(server: Server, request: Request) -> str:
    logins.leave(server, _cookie(request))
    return ""


def _actors(server: Server, kind: str) -> list[Actor]:
    return server.users if kind == "users" else server.terminals


def _health(server: Server) -> Response:
    running = server.state == "running"
    status = HTTPStatus.OK if running else HTTPStatus.SERVICE_UNAVAILABLE
    return json_response(status, {"instance": server.id, "state": server.state, "version": VERSION})


def _closed(server: Server) -> Response:
    draw = {"suspended": pages.suspended, "suspending": pages.suspended, "resuming": pages.resuming}
    page = draw.get(server.state, pages.booting)(server)
    return Response(HTTPStatus.SERVICE_UNAVAILABLE, page, headers={"Retry-After": "5"})


def _missing() -> Response:
    return _page(HTTPStatus.NOT_FOUND, "There is no such page here", "Go back to the first page of this instance.")


def _page(status: HTTPStatus, title: str, sentence: str) -> Response:
    return Response(status, pages.message(title, sentence))


def _cookie(request: Request) -> str:
    try:
        morsel = SimpleCookie(request.headers.get("Cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("Origin")
    return origin is None or origin == f"http://{request.headers.get('Host', '')}"
