from tests.standins.conftest import standin, stripe_base

__all__ = ["standin", "stripe_base"]
