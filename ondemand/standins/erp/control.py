"""The control API, which the portal's provisioner calls. JSON, `Authorization: Bearer SECRET`."""

import hmac
import time
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from ondemand.standins.erp import backups, bodies, boots, heartbeats, logins, usage
from ondemand.standins.erp.clock import iso
from ondemand.standins.erp.errors import Refused, Unauthorized, Unknown
from ondemand.standins.erp.messages import Request, Response, json_response, refusal
from ondemand.standins.erp.park import Park
from ondemand.standins.erp.pulse import Pulse
from ondemand.standins.erp.servers import VERSION, Server

Call = Callable[[str, dict[str, Any]], Response]
SHOWN = (
    *("id", "name", "product", "edition", "company", "state", "error"),
    *("activation_key_installed", "created_at", "disk_mb"),
)


class Control:
    def __init__(self, park: Park, pulse: Pulse, secret: str) -> None:
        self.park = park
        self.pulse = pulse
        self.secret = secret
        self.park_calls: dict[tuple[str, str], Callable[[dict[str, Any]], Response]] = {
            ("GET", "servers"): self.show_all,
            ("POST", "settings"): self.configure,
            ("GET", "settings"): self.configure,
            ("POST", "clock"): self.move_clock,
            ("GET", "clock"): self.read_clock,
        }
        self.server_calls: dict[tuple[str, str], Call] = {
            ("PUT", ""): self.create,
            ("GET", ""): self.show,
            ("DELETE", ""): self.terminate,
            ("POST", "retry"): self.retry,
            ("POST", "suspend"): self.suspend,
            ("POST", "resume"): self.resume,
            ("PUT", "heartbeat_url"): self.set_heartbeat_url,
            ("POST", "usage"): self.record_usage,
            ("POST", "heartbeat"): self.hand_out_heartbeat,
            ("POST", "login_links"): self.login_link,
            ("POST", "backup"): self.back_up,
            ("GET", "backup"): self.hand_out_backup,
        }

    def answer(self, request: Request) -> Response:
        try:
            if request.path == "/healthz" and request.method == "GET":
                return json_response(HTTPStatus.OK, {"park": self.park.zone, "state": "running"})
            self._authorize(request)
            return self._route(request)
        except Refused as error:
            return refusal(error)

    def _authorize(self, request: Request) -> None:
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self.secret}".encode()):
            raise Unauthorized("unauthorized", "The header Authorization: Bearer SECRET is missing or wrong.")

    def _route(self, request: Request) -> Response:
        parts = request.path.rstrip("/").split("/")[1:]
        if len(parts) == 2 and parts[0] == "park" and (request.method, parts[1]) in self.park_calls:
            return self.park_calls[request.method, parts[1]](request.json())
        if len(parts) in (3, 4) and parts[:2] == ["park", "servers"]:
            call = self.server_calls.get((request.method, "".join(parts[3:])))
            if call is not None:
                return call(parts[2], request.json())
        raise Unknown("unknown_call", f"There is no call {request.method} {request.path}.")

    def show_all(self, data: dict[str, Any]) -> Response:
        bodies.fields(data, {}, {})
        with self.park.lock:
            return json_response(HTTPStatus.OK, {"servers": [self._shape(s) for s in self.park.servers()]})

    def configure(self, data: dict[str, Any]) -> Response:
        return json_response(HTTPStatus.OK, asdict(self.park.configure(bodies.settings(data))))

    def move_clock(self, data: dict[str, Any]) -> Response:
        moment = bodies.fields(data, {"now": bodies.nullable(bodies.moment)}, {})["now"]
        self.park.move_clock(moment)
        return self.read_clock({})

    def read_clock(self, data: dict[str, Any]) -> Response:
        bodies.fields(data, {}, {})
        clock = self.park.clock
        return json_response(HTTPStatus.OK, {"now": iso(clock.now()), "offset_seconds": clock.offset})

    def create(self, uuid: str, data: dict[str, Any]) -> Response:
        server, new = self.park.create(bodies.new_server(uuid, data, iso(self.park.clock.now())))
        return self._answer(server, HTTPStatus.CREATED if new else HTTPStatus.OK)

    def show(self, uuid: str, data: dict[str, Any]) -> Response:
        bodies.fields(data, {}, {})
        with self.park.lock:
            return self._answer(self.park.server(uuid))

    def terminate(self, uuid: str, data: dict[str, Any]) -> Response:
        bodies.fields(data, {}, {})
        with self.park.changing(uuid) as server:
            boots.terminate(server)
            self.park.store.drop_backup(server.id)
        return self._answer(server)

    def retry(self, uuid: str, data: dict[str, Any]) -> Response:
        bodies.fields(data, {}, {})
        with self.park.changing(uuid) as server:
            boots.retry(server, time.time())
        return self._answer(server)

    def suspend(self, uuid: str, data: dict[str, Any]) -> Response:
        reason_page = bodies.reason_page(data)
        with self.park.changing(uuid) as server:
            boots.suspend(server, reason_page, self._soon())
        return self._answer(server)

    def resume(self, uuid: str, data: dict[str, Any]) -> Response:
        bodies.fields(data, {}, {})
        with self.park.changing(uuid) as server:
            boots.resume(server, self._soon())
        return self._answer(server)

    def set_heartbeat_url(self, uuid: str, data: dict[str, Any]) -> Response:
        read = bodies.fields(data, {"heartbeat_url": bodies.url}, {"heartbeat_key": bodies.text})
        with self.park.changing(uuid) as server:
            server.heartbeat_url = read["heartbeat_url"]
            server.heartbeat_key = read.get("heartbeat_key", server.heartbeat_key)
        return self._answer(server)

    def record_usage(self, uuid: str, data: dict[str, Any]) -> Response:
        today = self.park.clock.today().isoformat()
        with self.park.changing(uuid) as server:
            usage.record(server, bodies.usages(data, today, server.is_retail))
        return self._answer(server)

    def hand_out_heartbeat(self, uuid: str, data: dict[str, Any]) -> Response:
        """The carrier answers for the days it takes: acknowledged, unless `acknowledge` is false."""
        now = self.park.clock.now()
        days = bodies.days(data, now.date().isoformat())
        with self.park.changing(uuid) as server:
            heartbeat = heartbeats.compose(server, now, days)
            if data.get("acknowledge", True):
                usage.acknowledge(server, heartbeat.usages)
        shape = {"url": heartbeat.url, "headers": heartbeat.headers, "body": heartbeat.body}
        return json_response(HTTPStatus.OK, shape)

    def login_link(self, uuid: str, data: dict[str, Any]) -> Response:
        visitor = bodies.visitor(data)
        with self.park.lock:
            server = self.park.server(uuid)
            boots.demand(server, ("running",), "entered")
            expires = self.park.clock.in_seconds(logins.SECONDS)
            token = logins.new_token(server, visitor, expires)
            address = f"{self.park.address(server)}login?token={token}"
        return json_response(HTTPStatus.CREATED, {"url": address, "expires_at": iso(expires)})

    def back_up(self, uuid: str, data: dict[str, Any]) -> Response:
        bodies.fields(data, {}, {})
        with self.park.changing(uuid) as server:
            text = backups.take(self.park.store, server, iso(self.park.clock.now()))
        shape = {"file": backups.file_name(server), "size": len(text.encode())}
        return json_response(HTTPStatus.OK, shape)

    def hand_out_backup(self, uuid: str, data: dict[str, Any]) -> Response:
        bodies.fields(data, {}, {})
        with self.park.lock:
            text = backups.read(self.park.store, self.park.server(uuid))
        return Response(HTTPStatus.OK, text, "application/json")

    def _soon(self) -> float:
        return time.time() + boots.change_seconds(self.park.settings)

    def _answer(self, server: Server, status: HTTPStatus = HTTPStatus.OK) -> Response:
        return json_response(status, self._shape(server))

    def _shape(self, server: Server) -> dict[str, Any]:
        sending = self.pulse.sendings.get(server.id)
        return {
            **{name: getattr(server, name) for name in SHOWN},
            "address": self.park.address(server),
            "version": VERSION,
            "zone": self.park.zone,
            "steps": [asdict(step) for step in server.steps],
            "users": len(server.users),
            "terminals": len(server.terminals),
            "unacknowledged_days": usage.unacknowledged(server),
            "last_heartbeat_answer": sending.answer if sending else None,
        }
