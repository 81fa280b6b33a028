"""Measure, and print the table that docs/benchmarks.md keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ondemand.bench import memory, path, start, sync, walls, webhook
from ondemand.bench.running import DidNotStart
from ondemand.bench.table import Measure, markdown

NAMES: dict[str, Callable[[], Iterator[Measure]]] = {
    "demo": start.measure,
    "memory": memory.measure,
    "path": path.measure,
    "sync": sync.measure,
    "walls": walls.measure,
    "webhook": webhook.measure,
}


class Command(BaseCommand):
    help = "Measure time and memory on servers of the bench's own; nothing else should keep the machine busy."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all unless given")

    def handle(self, *, names: list[str], **options: Any) -> None:
        if unknown := set(names) - set(NAMES):
            raise CommandError(f"{', '.join(sorted(unknown))}: choose from {', '.join(NAMES)}")
        try:
            measured = [measure for name in names or NAMES for measure in NAMES[name]()]
        except DidNotStart as problem:
            raise CommandError(f"The demo did not start:\n{problem}") from None
        self.stdout.write(markdown(measured))
