from __future__ import annotations

import pytest

from tests import factories
from tests.factories import Cast
from tests.screens.pages import NOW


@pytest.fixture
def world(db: None) -> Cast:
    return factories.make_cast(now=NOW)
