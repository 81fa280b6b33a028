"""`manage.py test` is pytest, in three processes: two processors are then seldom idle."""

import os
import sys

from django.core.management import BaseCommand

from ondemand.servers import ROOT

# A file's tests share what is dear to set up, so a file stays with one process. In the order of the alphabet
# the longest, those in a browser, begin first.
SIDE_BY_SIDE = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
CHOSEN = ("-n", "--numprocesses", "--pdb", "-p")


class Command(BaseCommand):
    help = "Run the tests: all of pytest's options. ONDEMAND_LONG=1 runs the long ones whole."

    def run_from_argv(self, argv: list[str]) -> None:
        options = argv[2:]
        if not any(option.startswith(CHOSEN) for option in options):
            options = [*SIDE_BY_SIDE, *options]
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *options])
