"""What a list understood of its URL; links keep that and nothing else."""

from collections.abc import Iterator
from urllib.parse import urlencode

from django.forms import Form, MultiWidget
from django.forms.boundfield import BoundField
from django.http import QueryDict

Pair = tuple[str, str]


class Query:
    def __init__(self, pairs: list[Pair]) -> None:
        self.pairs = pairs

    def link(self, *without: str) -> str:
        """The query string less some keys, ready for one more `key=value`."""
        kept = [pair for pair in self.pairs if pair[0] not in without]
        return f"?{urlencode(kept)}&" if kept else "?"


def understood(asked: QueryDict, form: Form, sort: str, hidden: list[str]) -> Query:
    """The filters that are valid and set, the sort and the hidden columns; the rest is dropped."""
    pairs = [pair for field in form for pair in _valid_pairs(asked, field)]
    if sort:
        pairs.append(("sort", sort))
    pairs += [("hide", name) for name in hidden]
    if asked.get("totals") == "all":
        pairs.append(("totals", "all"))
    return Query(pairs)


def _valid_pairs(asked: QueryDict, field: BoundField) -> Iterator[Pair]:
    if field.errors:
        return
    for name in _names(field):
        yield from ((name, value) for value in asked.getlist(name) if value)


def _names(field: BoundField) -> list[str]:
    widget = field.field.widget
    if isinstance(widget, MultiWidget):
        suffixes: list[str] = getattr(widget, "widgets_names", [])
        return [field.html_name + suffix for suffix in suffixes]
    return [field.html_name]
