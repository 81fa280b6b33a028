"""Leaks to plant, each by itself: what a careless developer might write, and the test that must find it."""

from tests.planting.plants.plant import Plant
from tests.planting.plants.views import VIEWS
from tests.planting.plants.walls import WALLS

PLANTS = [*VIEWS, *WALLS]

__all__ = ["PLANTS", "Plant"]
