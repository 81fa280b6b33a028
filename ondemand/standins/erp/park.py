"""The park: its servers, its clock and its settings, changed one at a time and written at once."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import datetime
from threading import RLock
from typing import Any

from ondemand.standins.erp import boots
from ondemand.standins.erp.clock import Clock, iso
from ondemand.standins.erp.errors import Conflict, Unknown
from ondemand.standins.erp.servers import Server
from ondemand.standins.erp.settings import Settings
from ondemand.standins.erp.store import Store

MOVING = ("booting", "suspending", "resuming")


class Park:
    """`port` is known once the address is bound. Every read and change of a server happens under `lock`."""

    def __init__(self, store: Store, zone: str, defaults: Settings, port: int = 0) -> None:
        self.store = store
        self.zone = zone
        self.port = port
        self.lock = RLock()
        kept = store.park()
        self.clock = Clock(kept.get("clock_offset", 0.0))
        self.defaults = defaults
        self.settings = Settings(**{**asdict(defaults), **kept.get("settings", {})})
        self._servers = {server.id: server for server in store.servers()}

    def servers(self) -> list[Server]:
        return sorted(self._servers.values(), key=lambda server: (server.created_at, server.id))

    def server(self, uuid: str) -> Server:
        """Raises Unknown."""
        if uuid not in self._servers:
            raise Unknown("unknown_server", f"There is no server {uuid} in the park.")
        return self._servers[uuid]

    def named(self, name: str) -> Server | None:
        """The live server of this name."""
        return next((server for server in self._servers.values() if server.is_live and server.name == name), None)

    def address(self, server: Server) -> str:
        return f"http://{server.name}.localhost:{self.port}/"

    @contextmanager
    def changing(self, uuid: str) -> Iterator[Server]:
        """The server, to be changed within the block and written at its end, unless the block raises."""
        with self.lock:
            server = self.server(uuid)
            before = server.state
            yield server
            self._advance(server)
            self.store.save(server)
            if server.state != before:
                self._say(server)

    def create(self, server: Server) -> tuple[Server, bool]:
        """The server of this id, and whether it is new; raises Conflict."""
        with self.lock:
            existing = self._servers.get(server.id)
            if existing is not None:
                if existing.name != server.name:
                    raise Conflict("other_name", f"This server is named {existing.name}.")
                return existing, False
            if self.named(server.name) is not None:
                raise Conflict("name_taken", f"Another server is named {server.name}.")
            server.steps, server.due = boots.new_steps(), time.time()
            self._advance(server)
            self.store.save(server)
            self._servers[server.id] = server
            self._say(server)
            return server, True

    def tick(self) -> None:
        """Does for every server what has become due."""
        real = time.time()
        with self.lock:
            for server in self._servers.values():
                if server.state in MOVING and server.due <= real:
                    with self.changing(server.id):
                        pass

    def move_clock(self, moment: datetime | None) -> None:
        with self.lock:
            self.clock.move_to(moment)
            self._save()

    def configure(self, changes: dict[str, Any]) -> Settings:
        """Takes the settings named; None is the command line's."""
        with self.lock:
            for name, value in changes.items():
                setattr(self.settings, name, getattr(self.defaults, name) if value is None else value)
            self._save()
            return self.settings

    def _advance(self, server: Server) -> None:
        times = self.settings.times
        boots.advance(server, self.settings, iso(self.clock.now()), time.time())
        if self.settings.times != times:
            self._save()

    def _save(self) -> None:
        changed = {
            field.name: getattr(self.settings, field.name)
            for field in fields(Settings)
            if getattr(self.settings, field.name) != getattr(self.defaults, field.name)
        }
        self.store.save_park({"clock_offset": self.clock.offset, "settings": changed})

    def _say(self, server: Server) -> None:
        print(f"{self.zone} {server.name} ({server.id}): {server.state}", file=sys.stderr, flush=True)
