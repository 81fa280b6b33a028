#!/usr/bin/env python3
"""`python3 manage.py demo` runs everything; `python3 manage.py test` tests it. Both make .venv first."""

import os
import sys
from importlib import import_module

from ondemand import bootstrap

PLAIN = {
    "demo",
    "test",
    "quality",
    "bench",
}  # they start other processes, and need neither apps nor a database themselves


def main() -> None:
    bootstrap.ensure(sys.argv)
    if sys.argv[1:2] and sys.argv[1] in PLAIN:
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # Django would read settings on its way out
        import_module(f"ondemand.management.commands.{sys.argv[1]}").Command().run_from_argv(sys.argv)
        return
    from ondemand.running import prepare

    arguments = prepare(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ondemand.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(arguments)


if __name__ == "__main__":
    main()
