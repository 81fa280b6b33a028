"""The state folder: one JSON file for each server and park.json, each written whole or not at all."""

import fcntl
import json
from pathlib import Path
from typing import Any

from ondemand.standins.erp import servers
from ondemand.standins.erp.servers import Server

PARK = "park"


class StateError(Exception):
    """The folder cannot be used; the message says why and what to do."""


class Store:
    """Holds the folder's lock while it lives: two parks on one folder would overwrite each other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: dict[str, int] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / "park.lock").open("w")
        except OSError as error:
            raise StateError(f"The state folder {folder} cannot be written ({error}). Give another.") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateError(f"Another server park runs on {folder}. Stop it, or give another folder.") from error

    def servers(self) -> list[Server]:
        """Every server of the folder; raises StateError on a file that is not one."""
        paths = sorted(path for path in self.folder.glob("*.json") if path.stem != PARK)
        return [self._server(path) for path in paths]

    def save(self, server: Server) -> None:
        self._write(server.id, servers.to_json(server))

    def write_backup(self, uuid: str, text: str) -> None:
        new = self.folder / f"{uuid}.backup.tmp"
        new.write_text(text)
        new.replace(self._backup(uuid))

    def read_backup(self, uuid: str) -> str | None:
        path = self._backup(uuid)
        return path.read_text() if path.exists() else None

    def drop_backup(self, uuid: str) -> None:
        self._backup(uuid).unlink(missing_ok=True)

    def park(self) -> dict[str, Any]:
        path = self._path(PARK)
        return self._read(path) if path.exists() else {}

    def save_park(self, data: dict[str, Any]) -> None:
        self._write(PARK, data)

    def _server(self, path: Path) -> Server:
        try:
            return servers.from_json(self._read(path))
        except (KeyError, TypeError) as error:
            raise StateError(f"{path} is not the state of an instance ({error}). Remove or mend it.") from error

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            data = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise StateError(f"{path} cannot be read ({error}). Remove or mend it.") from error
        if not isinstance(data, dict):
            raise StateError(f"{path} holds no JSON object. Remove or mend it.")
        return data

    def _write(self, name: str, data: dict[str, Any]) -> None:
        text = json.dumps(data, separators=(",", ":"))
        if self._written.get(name) == hash(text):
            return
        new = self.folder / f"{name}.tmp"
        new.write_text(text)
        new.replace(self._path(name))
        self._written[name] = hash(text)

    def _backup(self, uuid: str) -> Path:
        return self.folder / f"{uuid}.backup"

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"
