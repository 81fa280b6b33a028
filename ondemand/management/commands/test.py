"""`manage.py test` is pytest."""

import os
import sys

from django.core.management import BaseCommand

from ondemand.servers import ROOT


class Command(BaseCommand):
    help = "Run the tests: all of pytest's options. ONDEMAND_LONG=1 runs the long ones whole."

    def run_from_argv(self, argv: list[str]) -> None:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *argv[2:]])
