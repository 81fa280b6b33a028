"""The walls alone: with every tenant filter gone from a copy of the source, strangers still meet nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import in_ci, long_share
from tests.counts import say
from tests.planting.copies import as_worker_of_this_run, copy_to, run_tests
from tests.planting.strip import strip

pytestmark = [in_ci, pytest.mark.usefixtures("django_db_setup")]  # the copy's tests begin from the same template
WORKER = 13
STRANGERS = "stranger" if long_share() == 1 else "stranger and owner"
CHOSEN = f"({STRANGERS}) or foreign_row"  # what a stranger could meet


def test_without_any_filter_strangers_meet_nothing(tmp_path: Path) -> None:
    here = copy_to(tmp_path)
    stripped = strip(here)
    done = run_tests(here, as_worker_of_this_run(WORKER), "tests/walls/test_matrix.py", "-k", CHOSEN)
    say(f"{stripped} tenant filters stripped:")
    for count in re.findall(r".* findings.*", done.stdout):
        say(f"  {count}")
    assert stripped >= 30
    assert done.returncode == 0, done.stdout[-6000:]
    assert " passed" in done.stdout
