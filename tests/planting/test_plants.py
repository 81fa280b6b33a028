"""Every planted leak is found by the test that is named for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import long_share
from tests.counts import say
from tests.planting.copies import ROOT
from tests.planting.planted import planted, without_plants
from tests.planting.plants import PLANTS, Plant


def test_there_are_enough() -> None:
    assert len({plant.name for plant in PLANTS}) == len(PLANTS) >= 10


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_it_fits_the_source(plant: Plant, tmp_path: Path) -> None:
    """Every day: whoever rewrites what is planted here renews the plant."""
    for path in {change.path for change in plant.changes}:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text((ROOT / path).read_text())
    for change in plant.changes:
        change.make(tmp_path)


@pytest.mark.usefixtures("django_db_setup")  # the copies' tests begin from the same template
def test_each_is_found_by_its_test(tmp_path: Path) -> None:
    if not long_share():
        pytest.skip("each plant is a run of its own: set ONDEMAND_LONG=1, or python -m tests.planting")
    plants = PLANTS if long_share() == 1 else PLANTS[::2]
    assert len(plants) >= 10
    assert without_plants(plants, tmp_path) == ""
    findings = list(planted(plants, tmp_path))
    for finding in findings:
        say(f"planted: {finding}")
    assert [f"{each}\n{each.output[-6000:]}" for each in findings if not each.found] == []
