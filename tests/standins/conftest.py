from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.standins.stripe_process import Standin, process


@pytest.fixture(scope="session")
def stripe_base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with process(tmp_path_factory.mktemp("stripe") / "state.sqlite3") as base:
        yield base


@pytest.fixture
def standin(stripe_base: str) -> Iterator[Standin]:
    """An account of the test's own; whatever breaks Stripe's description fails the test."""
    made = Standin(stripe_base)
    yield made
    assert made.http.wrong == []
