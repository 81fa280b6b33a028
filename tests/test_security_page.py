"""docs/security.md names tests that exist, and every section of the standard's first eight chapters."""

from __future__ import annotations

import ast
import re

from ondemand.servers import ROOT
from tests.planting.plants import PLANTS

TEXT = (ROOT / "docs" / "security.md").read_text()
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
SECTIONS = {1: 5, 2: 4, 3: 7, 4: 4, 5: 4, 6: 8, 7: 6, 8: 4}  # of each chapter, in ASVS 5.0


def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_it_names_exists() -> None:
    named = NAMED.findall(TEXT)
    assert len(named) >= 40
    assert [f"{path}::{name}" for path, name in named if name not in functions(path)] == []


def test_the_table_of_plants_is_the_scripts() -> None:
    table = TEXT.partition("## Planted\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+) \| `(\S+)` \|$", table, re.MULTILINE)
    assert rows == [(plant.name, plant.found_by.partition("[")[0]) for plant in PLANTS]


def test_every_section_is_named() -> None:
    table = TEXT.partition("## ASVS")[2]
    spans = re.findall(r"V(\d)\.(\d)(?: to V\d\.(\d))?", table)
    named = {(int(chapter), each) for chapter, a, b in spans for each in range(int(a), int(b or a) + 1)}
    assert named == {(chapter, each) for chapter, count in SECTIONS.items() for each in range(1, count + 1)}


def test_what_is_met_is_shown_by_a_test_or_says_why() -> None:
    rows = [row.split("|")[1:4] for row in TEXT.partition("## ASVS")[2].splitlines() if row.startswith("| V")]
    assert [section for section, _, shown in rows if not shown.strip()] == []
