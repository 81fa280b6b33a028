"""A request as the routes see it, and their answers."""

import json
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from ondemand.standins.erp.errors import Refused


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: "Message[str, str]"
    body: bytes

    def form(self) -> dict[str, str]:
        return _fields(self.body.decode("utf-8", "replace"))

    def parameters(self) -> dict[str, str]:
        return _fields(self.query)

    def json(self) -> dict[str, Any]:
        """The body's object, empty without a body; raises Refused."""
        try:
            data = json.loads(self.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise Refused("bad_json", f"The body is not JSON: {error}.") from error
        if not isinstance(data, dict):
            raise Refused("bad_json", "The body is not a JSON object.")
        return data


@dataclass(frozen=True)
class Response:
    status: int
    body: str = ""
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def json_response(status: int, data: object) -> Response:
    return Response(status, json.dumps(data, ensure_ascii=False) + "\n", "application/json")


def refusal(error: Refused) -> Response:
    return json_response(error.status, {"error": {"code": error.code, "message": error.message}})


def redirect(address: str, headers: dict[str, str] | None = None) -> Response:
    return Response(HTTPStatus.SEE_OTHER, headers={"Location": address, **(headers or {})})


def _fields(text: str) -> dict[str, str]:
    try:
        return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True, max_num_fields=50).items()}
    except ValueError:
        return {}
