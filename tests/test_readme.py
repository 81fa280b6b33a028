"""The README leads to what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ondemand.servers import ROOT

README = (ROOT / "README.md").read_text()
WORDS = (
    "zone",
    "partner",
    "member",
    "product",
    "plan",
    "campaign",
    "sign-up",
    "customer",
    "subscription",
    "invoice",
    "invoice line",
    "instance",
    "usage reading",
    "commission terms",
    "commission",
    "statement",
    "payment",
    "payment attempt",
    "login token",
)
MAP = README.partition("## Where is what\n")[2].partition("\n## ")[0]
ROWS = dict(re.findall(r"^\| ([a-z -]+) \| (.*) \|$", MAP, re.MULTILINE))
LINKS = sorted({target for target in re.findall(r"\]\(([^)]+)\)", README) if not target.startswith("http")})


def paths(cell: str) -> list[str]:
    """What looks like a file or folder between back-ticks."""
    return re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:\.[a-z]+)?)/?`", cell)


@pytest.mark.parametrize("word", WORDS)
def test_each_word_of_the_business_leads_to_its_file_or_says_that_it_is_not_built(word: str) -> None:
    assert paths(ROWS[word]) or ROWS[word].startswith("not built yet")


@pytest.mark.parametrize(
    "path", sorted({path for cell in (MAP, *ROWS.values()) for path in paths(cell) if "/" in path})
)
def test_each_path_of_the_map_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("target", LINKS)
def test_each_link_and_picture_is_there(target: str) -> None:
    assert (ROOT / target).exists()


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "pictures").glob("*.png")), ids=lambda path: path.name)
def test_a_picture_is_small(picture: Path) -> None:
    assert picture.stat().st_size <= 120 * 1024
