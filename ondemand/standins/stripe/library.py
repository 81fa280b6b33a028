"""What Stripe offers, read from the installed official library: operations, their parameters, the objects' shapes."""

from __future__ import annotations

import ast
import inspect
import sys
import typing
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import SimpleNamespace, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from stripe._api_version import _ApiVersion
from stripe._object_classes import OBJECT_CLASSES
from stripe._request_options import RequestOptions
from stripe._v1_services import V1Services

VERSION = _ApiVersion.CURRENT


class Operation(NamedTuple):
    method: str
    path: str  # /v1/customers/{customer}
    wanted: str | None  # the name of its parameters' TypedDict
    returns: str  # Customer, ListObject[Customer], ...
    where: str  # the library's module

    @property
    def params(self) -> type | None:
        """Looked up when it is asked for: most operations never are, and each costs an import."""
        found: type | None = _names(self.where)[self.wanted] if self.wanted else None
        return found


class Field(NamedTuple):
    required: bool
    types: tuple[Any, ...]  # the alternatives of its annotation, without None


@cache
def operations() -> dict[tuple[str, str], Operation]:
    return {(op.method, op.path): op for op in _walk(V1Services)}


def _walk(service: type) -> Iterator[Operation]:
    module = sys.modules[service.__module__]
    for where, name in getattr(module, "_subservices", {}).values():
        yield from _walk(getattr(import_module(where), name))
    for name, method in inspect.getmembers(service, inspect.isfunction):
        if not name.startswith("_") and not name.endswith("_async"):
            yield _operation(service, method)


def _operation(service: type, method: Any) -> Operation:
    """Ask the library itself: call the method with a requestor that only writes down where it would have gone."""
    sent: list[str] = []
    recorder = SimpleNamespace(
        request=lambda verb, path, *a, **k: sent.extend((verb.upper(), path)),
        request_stream=lambda verb, path, *a, **k: sent.extend((verb.upper(), path)),
    )
    signature = inspect.signature(method)
    ids = {n: "{" + n + "}" for n in signature.parameters if n not in ("self", "params", "options")}
    method(service(recorder), params={}, **ids)
    path = sent[1].replace("%7B", "{").replace("%7D", "}")
    annotation = str(signature.parameters["params"].annotation)
    wanted = next((n for n in _identifiers(annotation) if n.endswith("Params")), None)
    return Operation(
        sent[0],
        path,
        wanted,
        str(signature.return_annotation).strip("'\""),
        service.__module__,
    )


def returned(op: Operation) -> tuple[Any, ...]:
    """The class that an operation answers with (ListObject[Customer], Customer), resolved."""
    names = _names(op.where)
    return _flat(_resolve({"it": op.returns}, names)["it"])


def _resolve(annotations: dict[str, Any], names: Any) -> dict[str, Any]:
    return typing.get_type_hints(SimpleNamespace(__annotations__=annotations), dict(names), names)


def _identifiers(text: str) -> list[str]:
    nodes = list(ast.walk(ast.parse(text)))
    return [n.id for n in nodes if isinstance(n, ast.Name)] + [
        n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]


class _Imports(dict[str, Any]):
    """A module's names, with those that it imports for type checkers only."""

    def __init__(self, module: str) -> None:
        super().__init__(vars(import_module(module)))
        self.later = {
            alias.asname or alias.name: (node.module or "", alias.name)
            for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module])))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    def __missing__(self, name: str) -> Any:
        module, attribute = self.later[name]
        return getattr(import_module(module), attribute)


_names = cache(_Imports)


@cache
def fields(cls: type) -> dict[str, Field]:
    """The fields of a params TypedDict or of an object's class."""
    own = {
        n: a
        for n, a in inspect.get_annotations(cls).items()
        if not n.startswith("_") and not str(a).startswith("typing.ClassVar") and n not in _inherited(cls)
    }
    names = _names(cls.__module__)
    hints = _resolve(own, names)
    required = getattr(cls, "__required_keys__", None)
    return {
        n: Field(
            n in required if required is not None else type(None) not in _flat(t),
            tuple(x for x in _flat(t) if x is not type(None)),
        )
        for n, t in hints.items()
    }


def _inherited(cls: type) -> set[str]:
    return set(RequestOptions.__annotations__) if RequestOptions in getattr(cls, "__orig_bases__", ()) else set()


def _flat(tp: Any) -> tuple[Any, ...]:
    return tuple(x for a in get_args(tp) for x in _flat(a)) if get_origin(tp) in (Union, UnionType) else (tp,)


def element(tp: Any) -> tuple[Any, ...]:
    """The alternatives of a list's elements, or of a dict's values."""
    return _flat(get_args(tp)[-1])


def choices(types: tuple[Any, ...]) -> tuple[str, ...]:
    """The allowed values where the field is an enumeration (the library writes it Literal[...] | str)."""
    return tuple(v for t in types if get_origin(t) is Literal for v in get_args(t))


@cache
def object_class(kind: str) -> type:
    module, name = OBJECT_CLASSES[kind]
    cls: type = getattr(import_module(module), name)
    return cls
