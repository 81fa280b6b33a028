"""Checks requests, responses and events against Stripe's official API description.

The description is not part of the project: it is looked for beside the clone. Where it is missing the check is skipped
with a line; with CI=true that is a failure.
"""

from __future__ import annotations

import json
import lzma
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "stripe"
MISSING = "Stripe's official API description is not beside this clone: what is said to Stripe is not checked against it"
CHECKED = Counter[str]()  # by this process, and what was wrong in it; the first of xdist's adds its workers' up
Schema = dict[str, Any]


def contract() -> Contract:
    """The contract, or a skip where its description is missing."""
    found = if_there()
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return found


def if_there() -> Contract | None:
    found = description()
    return load(found) if found else None


def summary() -> str:
    """The last word of a run."""
    if description() is None:
        return MISSING
    kinds = ("requests", "responses", "events")
    counts = ", ".join(f"{CHECKED[kind]:,} {kind}" for kind in kinds)
    return f"Checked against Stripe's official description: {counts}; {CHECKED['violations']} violations"


def description() -> Path | None:
    return next(iter(sorted(FOLDER.glob("stripe-openapi-*.json.xz"))), None)


@cache
def load(path: Path) -> Contract:
    with lzma.open(path) as file:
        return Contract(json.load(file))


class Contract:
    """Each check answers with its violations, in words; none is good."""

    def __init__(self, description: Schema) -> None:
        self.description = description
        self.routes = sorted(
            (
                (method.upper(), re.compile(re.sub(r"\{[^}]+\}", "([^/]+)", path)), operation)
                for path, operations in description["paths"].items()
                for method, operation in operations.items()
                if method in ("get", "post", "delete")
            ),
            key=lambda route: route[1].groups,
        )
        self.events = _events(description)
        self.objects = _objects(description)
        self.seen: set[str] = set()  # events whose object was checked

    def check_request(self, method: str, path: str, form: dict[str, Any]) -> list[str]:
        """The form nested, as its names say; every value is a string."""
        operation = self._operation(method, path)
        if operation is None:
            return _counted("requests", [f"{method} {path}: no such operation"])
        wrong = self._check(form, self._parameters(operation), "")
        return _counted("requests", [f"{method} {path} {each}" for each in wrong])

    def check_response(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """The object inside every event of a list, too."""
        wrong = self._response(method, path, status, body)
        fresh = [event for event in _listed_events(path, body) if event["id"] not in self.seen]
        return _counted("responses", wrong) + [each for event in fresh for each in self.check_event(event)]

    def _response(self, method: str, path: str, status: int, body: Any) -> list[str]:
        operation = self._operation(method, path)
        if operation is None:
            return [] if status == 404 else [f"{method} {path}: no such operation, answered {status}"]
        answers = operation["responses"]
        answer = answers.get(str(status)) or answers["default"]
        schema = next(iter(answer["content"].values()))["schema"]
        return [f"{method} {path} {status} {wrong}" for wrong in self._check(body, schema, "")]

    def check_event(self, event: dict[str, Any]) -> list[str]:
        """The event itself, and the object that it is about."""
        self.seen.add(event["id"])
        kind, about = event.get("type", ""), event["data"]["object"]
        wrong = self._check(event, {"$ref": "#/components/schemas/event"}, "")
        if kind not in self.events:
            return _counted("events", [*wrong, f"{kind}: no such event"])
        schema = {"$ref": f"#/components/schemas/{self.objects[about.get('object', '')]}"}
        return _counted("events", [f"{kind} {each}" for each in wrong + self._check(about, schema, "object")])

    def _operation(self, method: str, path: str) -> Schema | None:
        return next((op for verb, pattern, op in self.routes if verb == method and pattern.fullmatch(path)), None)

    def _parameters(self, operation: Schema) -> Schema:
        content = operation.get("requestBody", {}).get("content", {})
        body = next(iter(content.values()))["schema"] if content else {}
        query = [each for each in operation.get("parameters", []) if each["in"] == "query"]
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {**body.get("properties", {}), **{each["name"]: each["schema"] for each in query}},
            "required": [*body.get("required", []), *(each["name"] for each in query if each.get("required"))],
        }

    def _resolve(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            found: Any = self.description
            for name in schema["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            schema = found
        return schema

    def _check(self, value: Any, schema: Schema, at: str) -> list[str]:
        schema = self._resolve(schema)
        if value is None:
            return [] if schema.get("nullable") else [f"{at}: null"]
        if "anyOf" in schema:
            return min((self._check(value, each, at) for each in schema["anyOf"]), key=len)
        check = {"object": self._object, "array": self._array}.get(schema.get("type", ""))
        return check(value, schema, at) if check else _scalar(value, schema, at)

    def _object(self, value: Any, schema: Schema, at: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{at}: not an object"]
        properties, more = schema.get("properties", {}), schema.get("additionalProperties")
        wrong = [f"{at}.{name}: missing" for name in schema.get("required", []) if name not in value]
        for name, inner in value.items():
            if name in properties or isinstance(more, dict):
                wrong += self._check(inner, properties.get(name, more), f"{at}.{name}")
            elif properties or more is False:
                wrong.append(f"{at}.{name}: unknown")
        return wrong

    def _array(self, value: Any, schema: Schema, at: str) -> list[str]:
        if not isinstance(value, list):
            return [f"{at}: not an array"]
        return [wrong for n, each in enumerate(value) for wrong in self._check(each, schema["items"], f"{at}[{n}]")]


def _counted(kind: str, wrong: list[str]) -> list[str]:
    CHECKED[kind] += 1
    CHECKED["violations"] += len(wrong)
    return wrong


def _listed_events(path: str, body: Any) -> list[dict[str, Any]]:
    return body["data"] if path == "/v1/events" and "data" in body else []


def _scalar(value: Any, schema: Schema, at: str) -> list[str]:
    kind = schema.get("type")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    patterns = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?", "boolean": "true|false"}
    if kind in patterns:
        fits = re.fullmatch(patterns[kind], text) and (kind == "boolean") == (text in ("true", "false"))
        return [] if fits else [f"{at}: {value!r} is not of type {kind}"]
    if kind == "string" and not isinstance(value, str):
        return [f"{at}: {value!r} is not a string"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is not one of {', '.join(map(str, schema['enum'][:12]))}"]
    return [f"{at}: too long"] if len(text) > schema.get("maxLength", len(text)) else []


def _events(description: Schema) -> set[str]:
    """The types that an endpoint can ask for."""
    operation = description["paths"]["/v1/webhook_endpoints"]["post"]
    body = next(iter(operation["requestBody"]["content"].values()))["schema"]
    return set(body["properties"]["enabled_events"]["items"]["enum"])


def _objects(description: Schema) -> dict[str, str]:
    """What an object calls itself, to its schema."""
    found: dict[str, str] = {}
    for name, schema in description["components"]["schemas"].items():
        names = schema.get("properties", {}).get("object", {}).get("enum", [])
        if names and not name.startswith("deleted_"):
            found.setdefault(names[0], name)
    return found
