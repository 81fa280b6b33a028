"""Jobs over many rows."""

from __future__ import annotations

import pytest

from ondemand.jobs import each


def test_one_row_that_fails_keeps_none_of_the_others_waiting(caplog: pytest.LogCaptureFixture) -> None:
    done = []

    def service(pk: int, *, now: int) -> None:
        if pk == 2:
            raise ValueError("poison")
        done.append((pk, now))

    each([1, 2, 3], service, now=7)
    assert done == [(1, 7), (3, 7)]
    assert "poison" in caplog.text
