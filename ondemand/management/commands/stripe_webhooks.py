"""Register this deployment's webhook addresses at Stripe and write their signing secrets to a file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse

from ondemand.gateway.events import ensure_endpoint


class Command(BaseCommand):
    help = "Register the webhook addresses at Stripe; the secrets go to a file that only you can read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--secrets-file", type=Path, required=True)

    def handle(self, **options: Any) -> None:
        secrets = {
            "STRIPE_WEBHOOK_SECRET": self._register("stripe-webhook", connect=False),
            "STRIPE_CONNECT_WEBHOOK_SECRET": self._register("stripe-connect-webhook", connect=True),
        }
        descriptor = os.open(options["secrets_file"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(secrets, file)

    def _register(self, name: str, *, connect: bool) -> str:
        return ensure_endpoint(url=settings.ONDEMAND_URL + reverse(name), connect=connect)
