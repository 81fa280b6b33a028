"""Stripe's errors, in Stripe's words."""

from __future__ import annotations

import json
from typing import Any

LOGS = "https://dashboard.stripe.com/test/logs/"


class StripeError(Exception):
    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        keep: bool = False,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keep = keep  # what was written stays: a declined charge is recorded
        self.body = {"error": {"message": message, "type": kind, **{k: v for k, v in details.items() if v is not None}}}
        if code := details.get("code"):
            self.body["error"]["doc_url"] = "https://stripe.com/docs/error-codes/" + code.replace("_", "-")


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    return StripeError(400, message, param=param, code=code)


def told(error: StripeError, request: str) -> str:
    """As it is answered: with the address of the request's log."""
    return json.dumps({"error": error.body["error"] | {"request_log_url": LOGS + request}})


def missing(param: str) -> StripeError:
    return invalid(f"Missing required param: {param}.", param, "parameter_missing")


def no_such(kind: str, id: str, param: str = "id") -> StripeError:
    status = 404 if param == "id" else 400
    return StripeError(status, f"No such {kind}: '{id}'", param=param, code="resource_missing")


def not_done(what: str) -> StripeError:
    """Stripe has it, this stand-in does not: never accepted in silence, never taken for an answer of Stripe's."""
    return StripeError(501, f"The stand-in does not implement {what}.", kind="api_error")
