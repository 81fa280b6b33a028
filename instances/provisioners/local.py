"""The server park of the demo and the tests, over HTTP on loopback."""

from __future__ import annotations

from datetime import datetime
from typing import IO, Any
from urllib.parse import urlsplit
from uuid import UUID

import requests

from instances.provisioners.base import Backup, Notice, ProvisionerError, Server, Step, Visitor, Wanted

SECONDS = (2, 10)
PIECE = 1 << 16


class LocalPark:
    def __init__(self, url: str, secret: str) -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {secret}"}

    def ensure(self, wanted: Wanted) -> Server:
        body = {name: str(value) for name, value in vars(wanted).items() if name != "id"}
        return _server(self._call("PUT", f"/park/servers/{wanted.id}", body))

    def answers(self, server: Server) -> bool:
        """Asked at loopback with the instance's name as host: only browsers resolve *.localhost."""
        parts = urlsplit(server.address)
        try:
            url = f"http://127.0.0.1:{parts.port}/healthz"
            return requests.get(url, headers={"Host": parts.netloc}, timeout=SECONDS).ok
        except requests.RequestException:
            return False

    def retry(self, id: UUID) -> None:
        self._call("POST", f"/park/servers/{id}/retry")

    def suspend(self, id: UUID, notice: Notice) -> Server:
        return _server(self._call("POST", f"/park/servers/{id}/suspend", {"reason_page": vars(notice)}))

    def resume(self, id: UUID) -> Server:
        return _server(self._call("POST", f"/park/servers/{id}/resume"))

    def backup(self, id: UUID) -> Backup:
        made = self._call("POST", f"/park/servers/{id}/backup")
        return Backup(made["file"], made["size"])

    def fetch_backup(self, id: UUID, into: IO[bytes]) -> None:
        with self._ask("GET", f"/park/servers/{id}/backup", stream=True) as answer:
            try:
                for piece in answer.iter_content(PIECE):
                    into.write(piece)
            except requests.RequestException as error:
                raise _silent(error) from error

    def terminate(self, id: UUID) -> None:
        self._call("DELETE", f"/park/servers/{id}", missing_ok=True)

    def login_link(self, id: UUID, visitor: Visitor) -> str:
        return str(self._call("POST", f"/park/servers/{id}/login_links", vars(visitor))["url"])

    def _call(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, missing_ok: bool = False
    ) -> dict[str, Any]:
        return dict(self._ask(method, path, body, missing_ok=missing_ok).json())

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        missing_ok: bool = False,
        stream: bool = False,
    ) -> requests.Response:
        asked: dict[str, Any] = {"json": body, "headers": self._headers, "timeout": SECONDS, "stream": stream}
        try:
            answer = requests.request(method, self._url + path, **asked)
        except requests.RequestException as error:
            raise _silent(error) from error
        if not answer.ok and not (missing_ok and answer.status_code == 404):
            raise ProvisionerError(f"the server park refused: {answer.status_code} {answer.text[:300]}")
        return answer


def _silent(error: Exception) -> ProvisionerError:
    return ProvisionerError(f"the server park did not answer: {type(error).__name__}")


def _server(found: dict[str, Any]) -> Server:
    return Server(
        state=found["state"],
        address=found["address"],
        steps=[_step(step) for step in found["steps"]],
        error=found["error"] or "",
        version=found["version"],
        key_installed=found["activation_key_installed"],
    )


def _step(step: dict[str, Any]) -> Step:
    at = datetime.fromisoformat(step["at"]) if step["at"] else None
    return Step(step["name"], step["label"], step["state"], at, step["detail"] or "")
