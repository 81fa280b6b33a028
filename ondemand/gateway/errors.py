"""What can go wrong at Stripe, by what is then known."""

from __future__ import annotations


class GatewayError(Exception):
    """A call to Stripe did not succeed. `code` is Stripe's, or empty."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Unavailable(GatewayError):
    """No answer, or Stripe's own failure: whether it was done is unknown. Repeat under the same key."""


class NothingStored(GatewayError):
    """Too many requests, a conflict, or a refused parameter: nothing was done, the same key may be used again."""


class TooMany(NothingStored):
    """More requests than Stripe takes. `wait`: so many seconds it asks to be left alone, 0 where it does not say."""

    def __init__(self, message: str, code: str = "", *, wait: int = 0) -> None:
        super().__init__(message, code)
        self.wait = wait


class Refused(GatewayError):
    """A definite no, stored under its key for 24 hours: another try needs another key."""


class NotFound(GatewayError):
    """Stripe has no object of that id in this account."""


class WrongSignature(Exception):
    """A webhook that Stripe did not sign."""
