"""What the park does by itself: boots and changes of state go on, heartbeats are sent."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from threading import Event, Thread

from ondemand.standins.erp import heartbeats, usage
from ondemand.standins.erp.heartbeats import Heartbeat
from ondemand.standins.erp.park import Park

TICK = 0.05
LONGEST_PAUSE = 60.0
SENDERS = 8
SILENT = 3  # times that nobody may answer, as while the platform starts, before it is said


@dataclass
class Sending:
    """One instance's heartbeats: `due` is monotonic, `answer` the last status or error, `told` the last one said."""

    due: float = 0.0
    failures: int = 0
    under_way: bool = False
    answer: str = ""
    told: str = "200"


class Pulse:
    def __init__(self, park: Park) -> None:
        self.park = park
        self.sendings: dict[str, Sending] = {}
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="heartbeat")
        self._stopped = Event()

    def start(self) -> None:
        Thread(target=self._run, name="pulse", daemon=True).start()

    def _run(self) -> None:
        while not self._stopped.wait(TICK):
            self.park.tick()
            if self.park.settings.send_heartbeats:
                self._send_due(time.monotonic())

    def _send_due(self, now: float) -> None:
        with self.park.lock:
            running = [server for server in self.park.servers() if server.state == "running"]
            for server in running:
                sending = self.sendings.setdefault(server.id, Sending())
                if not sending.under_way and sending.due <= now:
                    sending.under_way = True
                    self._senders.submit(self._send, server.id, sending)

    def _send(self, uuid: str, sending: Sending) -> None:
        try:
            heartbeat = self._compose(uuid)
            if heartbeat is not None:
                self._deliver(heartbeat, sending)
        finally:
            sending.due = time.monotonic() + self._pause(sending)
            sending.under_way = False

    def _compose(self, uuid: str) -> Heartbeat | None:
        with self.park.changing(uuid) as server:
            return heartbeats.compose(server, self.park.clock.now()) if server.state == "running" else None

    def _deliver(self, heartbeat: Heartbeat, sending: Sending) -> None:
        try:
            status = heartbeats.deliver(heartbeat)
            answer = str(status)
        except (OSError, HTTPException, ValueError) as error:
            status, answer = 0, str(error) or type(error).__name__
        if 200 <= status < 300:
            sending.failures = 0
            with self.park.changing(heartbeat.instance) as server:
                usage.acknowledge(server, heartbeat.usages)
        else:
            sending.failures += 1
        if answer != sending.told and (status or sending.failures > SILENT):
            print(f"heartbeat of {heartbeat.instance}: {answer}", file=sys.stderr, flush=True)
            sending.told = answer
        sending.answer = answer

    def _pause(self, sending: Sending) -> float:
        interval = self.park.settings.heartbeat_seconds
        return max(interval, min(LONGEST_PAUSE, interval * 2.0 ** min(sending.failures, 16)))
