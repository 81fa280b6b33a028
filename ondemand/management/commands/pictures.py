"""Take the README's pictures from the running demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ondemand.browser import NoBrowser, chromium
from ondemand.demo.pictures import Studio, best_customer, take_all
from ondemand.servers import ROOT


class Command(BaseCommand):
    help = "Take the README's pictures from the running demo, with a Chromium of this machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "pictures")

    def handle(self, *, folder: Path, **options: Any) -> None:
        if settings.ONDEMAND_ENV != "demo":
            raise CommandError("Pictures are taken of the demo alone: a customer is registered for them.")
        folder.mkdir(parents=True, exist_ok=True)
        customer = best_customer()
        try:
            with chromium() as browser:
                for file in take_all(Studio(browser, folder), customer):
                    self.stdout.write(f"{file.stat().st_size // 1024:4} KB  {file.name}")
        except NoBrowser as missing:
            raise CommandError(str(missing)) from None
