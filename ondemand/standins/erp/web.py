"""The HTTP server: the control API at 127.0.0.1 and localhost, an instance at <name>.localhost."""

import sys
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ondemand.standins.erp import pages
from ondemand.standins.erp.control import Control
from ondemand.standins.erp.messages import Request, Response
from ondemand.standins.erp.site import GONE, Site

MOST_BYTES = 1_000_000
CONTROL_HOSTS = ("127.0.0.1", "localhost")
GUARDS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Web(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)

    def serve(self, control: Control, site: Site) -> None:
        self.control = control
        self.site = site
        self.serve_forever()

    def answer(self, host: str, request: Request) -> Response:
        name, _, domain = host.partition(".")
        if host in CONTROL_HOSTS:
            return self.control.answer(request)
        if domain == "localhost":
            return self.site.answer(name, request)
        return Response(HTTPStatus.NOT_FOUND, pages.message(*GONE))


class Handler(BaseHTTPRequestHandler):
    server: Web
    protocol_version = "HTTP/1.1"
    server_version = "ServerParkStandIn"
    sys_version = ""
    timeout = 30
    wbufsize = -1

    def answer(self) -> None:
        body = self._body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        method = "GET" if self.command == "HEAD" and path != "/login" else self.command
        request = Request(method, path, query, self.headers, body)
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        try:
            response = self.server.answer(host.lower(), request)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            response = Response(HTTPStatus.INTERNAL_SERVER_ERROR, pages.message("The stand-in failed", "See its log."))
        self._send(response)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

    def _body(self) -> bytes | None:
        """The request's body; None when it was refused, and the connection closes."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
            return None
        if len(length) > 9 or int(length) > MOST_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        return self.rfile.read(int(length))

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self._send(Response(status, pages.message(status.phrase, status.description), headers={"Connection": "close"}))

    def _send(self, response: Response) -> None:
        body = response.body.encode("utf-8", "replace")
        self.send_response(response.status)
        for name, value in {**GUARDS, **response.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", response.kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Requests are not logged; what servers do is."""
