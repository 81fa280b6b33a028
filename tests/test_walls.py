"""The walls seen from below."""

import pytest
from django.db import connection

from ondemand.tenancy.catalogue import wall_problems


@pytest.mark.django_db
def test_walls_stand() -> None:
    assert wall_problems(connection) == []
