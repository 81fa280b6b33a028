from tests.path.conftest import park, walk
from tests.standins.conftest import standin, stripe_base

__all__ = ["park", "standin", "stripe_base", "walk"]
