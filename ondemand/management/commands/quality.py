"""Every check that reads the code, and one line that sums up."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.core.management import BaseCommand, CommandParser

from ondemand.running import PLACEHOLDERS
from ondemand.servers import ROOT

PACKAGES = ["ondemand", "partners", "customers", "instances", "signup", "commissions", "payments"]
PRODUCTION = {
    "ONDEMAND_ENV": "production",
    "ONDEMAND_URL": "https://eu.ondemand.example",
    "ALLOWED_HOSTS": "eu.ondemand.example",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "DATABASE_URL": "postgresql://portal_app@localhost/portal",
    "REDIS_URL": "rediss://localhost/0",
    "EMAIL_URL": "smtps://user:password@mail.example:465",
    "STRIPE_MODE": "live",
    "STRIPE_API_BASE": "https://api.stripe.com",
    "STRIPE_SECRET_KEY": "sk_live_placeholder",
    "STRIPE_WEBHOOK_SECRET": "whsec_placeholder",
    "STRIPE_CONNECT_WEBHOOK_SECRET": "whsec_placeholder",
    "PARK_URL": "https://park.ondemand.example",
    "PARK_SECRET": "0123456789abcdefghijklmnopqrstuvwxyz",
}


@dataclass(frozen=True)
class Check:
    name: str
    python: list[str]  # the interpreter's arguments
    env: dict[str, str] = field(default_factory=lambda: PLACEHOLDERS)


LINT_IMPORTS = "from importlinter.cli import lint_imports_command as lint; lint()"  # as a module it does nothing
CHECKS = [
    Check("mypy", ["-m", "mypy", "."]),
    Check("ruff check", ["-m", "ruff", "check", "."]),
    Check("ruff format", ["-m", "ruff", "format", "--check", "."]),
    Check("import-linter", ["-c", LINT_IMPORTS]),
    Check("djlint", ["-m", "djlint", "templates", "--lint", "--quiet"]),
    Check("bandit", ["-m", "bandit", "-q", "-lll", "-r", *PACKAGES]),
    Check("makemigrations", ["-m", "manage", "makemigrations", "--check", "--dry-run"]),
    Check("check --deploy", ["-m", "manage", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
]


@dataclass(frozen=True)
class Result:
    check: Check
    passed: bool
    output: str
    seconds: float


class Command(BaseCommand):
    help = "Check the code: style, types, imports, templates, migrations, deployment settings, security."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        names = [check.name for check in CHECKS]
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(names)}")

    def handle(self, *, names: list[str], **options: Any) -> None:
        chosen = [check for check in CHECKS if not names or check.name in names]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            results = [self.show(result) for result in pool.map(run, chosen)]
        failed = [result.check.name for result in results if not result.passed]
        summary = f"quality: {len(results) - len(failed)} passed, {len(failed)} failed"
        self.stdout.write(f"{summary}: {', '.join(failed)}" if failed else summary)
        sys.exit(1 if failed or not results else 0)

    def show(self, result: Result) -> Result:
        verdict = "ok" if result.passed else "FAILED"
        self.stdout.write(f"{result.check.name:16} {verdict} ({result.seconds:.1f} s)")
        if not result.passed:
            self.stdout.write(result.output)
        return result


def run(check: Check) -> Result:
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, *check.python],
        cwd=ROOT,
        env={**os.environ, **check.env, "DJANGO_SETTINGS_MODULE": "ondemand.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return Result(check, done.returncode == 0, done.stdout, time.monotonic() - begun)
