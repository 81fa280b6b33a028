"""A zone of the demo from nothing, in one process: three would spend seconds on importing the same things."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandParser, call_command


class Command(BaseCommand):
    help = "Migrate an empty database, make its history, and register the webhooks at Stripe's stand-in."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--secrets-file", type=Path, required=True, help="of the webhooks")

    def handle(self, *, secrets_file: Path, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        call_command("demo_history")
        call_command("stripe_webhooks", secrets_file=secrets_file)
