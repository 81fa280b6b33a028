"""Runs the whole product on this machine: servers, stand-ins, and a web process and a worker for each zone."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from ondemand.servers import Postgres, Valkey, own_folder, state_dir
from ondemand.servers.processes import port_is_taken, until
from ondemand.supervisor import announcement, preparation
from ondemand.supervisor.children import Child, Children, Ended, Leave
from ondemand.supervisor.screen import Screen
from ondemand.supervisor.zones import NUMBERS, STANDIN_PORTS, Place, Zone, stripe

HIGHEST_PORT = 65535 - STANDIN_PORTS - len(NUMBERS)


class Command(BaseCommand):
    help = "Run the product with its servers and stand-ins; Ctrl-C ends it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--zones", nargs="+", default=list(NUMBERS), choices=list(NUMBERS), type=str.lower)
        parser.add_argument("--port", type=int, default=8000, help="of EU; US has the next, stand-ins 10 to 12 more")
        parser.add_argument("--reset", action="store_true", help="throw the data away and begin anew")

    def handle(self, *, zones: list[str], port: int, reset: bool, **options: Any) -> None:
        if not 1024 <= port <= HIGHEST_PORT:
            raise CommandError(f"--port {port}: choose one from 1024 to {HIGHEST_PORT}")
        state = own_folder(state_dir())
        with only_demo(state):
            postgres, valkey = Postgres(state), Valkey(state)
            postgres.end_leftover()
            if reset:
                throw_away(state)
            chosen = [key for key in NUMBERS if key in zones]
            Demo(Place(state, port, postgres, valkey, chosen)).run()


class Demo:
    """From nothing to READY, and on until it is ended."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.zones = [Zone(key, place) for key in place.zones]
        self.screen = Screen(place.state / "demo.log")
        self.children = Children(self.screen)
        self.standins: list[Child] = []

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):  # a shell that starts us in the background ignores SIGINT
            signal.signal(number, self.children.leave)
        try:
            self.start()
            while True:
                self.children.watch()
        except Leave:
            self.screen.say("stopping")
        except Ended as problem:
            raise CommandError(str(problem)) from None
        finally:
            self.screen.clear()
            announcement.forget(self.place.state)
            self.children.stop()
            self.screen.say("stopped")

    def start(self) -> None:
        if "DATABASE_URL" in os.environ:
            self.screen.say("DATABASE_URL is set; the demo does not use it: it runs databases of its own")
        self.check_ports()
        preparation.clear_unfinished(self.place, self.zones)
        self.start_servers()
        preparation.prepare(self.children, self.zones)
        self.screen.say("databases ready")
        self.start_product()

    def check_ports(self) -> None:
        """A demo that was killed a moment ago may still be letting go of them."""
        ports = {zone.port: f"zone {zone.name}" for zone in self.zones}
        ports |= {zone.park_port: f"the server park of {zone.name}" for zone in self.zones}
        ports[self.place.stripe_port] = "Stripe's stand-in"
        until(lambda: not any(map(port_is_taken, ports)), seconds=3)
        for port, what in ports.items():
            if port_is_taken(port):
                raise Ended(
                    f"Port {port}, for {what}, is in use: stop what listens there, or choose other ports "
                    f"(--port {self.place.port + 1000})."
                )

    def start_servers(self) -> None:
        """The stand-ins first: they come up while the servers start; only the history waits for them here."""
        self.standins = [stripe(self.place), *(zone.park() for zone in self.zones)]
        self.children.add(*self.standins)
        for name, server in (("postgres", self.place.postgres), ("valkey", self.place.valkey)):
            self.children.add(Child(name, server.start, server.stop_signal))
        if not all(zone.complete.exists() for zone in self.zones):
            self.children.wait(self.standins_ready, 60, "A stand-in")
        self.screen.say("servers up")

    def standins_ready(self) -> bool:
        return all(child.ready for child in self.standins)

    def product_ready(self) -> bool:
        return self.standins_ready() and all(zone.answers() for zone in self.zones)

    def start_product(self) -> None:
        """The workers after READY: two cores import one thing at a time, and Valkey keeps what a page asks for."""
        announcement.tell_commands(self.place, self.zones)
        self.children.add(*(zone.web() for zone in self.zones))
        self.children.wait(self.product_ready, 90, "A zone")
        announcement.announce(self.screen, self.place, self.zones)
        self.children.add(*(zone.worker() for zone in self.zones))


@contextmanager
def only_demo(state: Path) -> Iterator[None]:
    with (state / "lock").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError:
            raise CommandError("This clone's demo is already running: end that one first (Ctrl-C).") from None
        yield


def throw_away(state: Path) -> None:
    """All data; the copy of PostgreSQL's programs stays."""
    for path in state.iterdir():
        if path.name != "lock" and not path.name.startswith("postgresql-"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
