"""HTML that escapes whatever is not HTML already."""

from html import escape

VOID = frozenset({"input", "meta", "link", "br"})


class Html(str):
    """Text that is HTML and needs no escaping."""

    __slots__ = ()


def join(*parts: str) -> Html:
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def element(kind: str, /, *children: str, **attributes: str | bool) -> Html:
    """An element; `class_` and `for_` stand for class and for, `_` in other names for a hyphen."""
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not False)
    if kind in VOID:
        return Html(f"<{kind}{written}>")
    return Html(f"<{kind}{written}>{join(*children)}</{kind}>")


def _attribute(key: str, value: str | bool) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
