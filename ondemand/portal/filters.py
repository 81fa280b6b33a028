"""The filter of a list: a search over declared fields, and whatever a screen adds."""

from typing import Any, ClassVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, FilterSet

MOST_WORDS = 8


class ListFilter(FilterSet):  # type: ignore[misc]
    """`search`: the fields in which each word of ?q= is looked for, whatever its case.

    A field may name its lookup (`name_lower__contains`); then it is given the word in lower case.
    """

    search: ClassVar[tuple[str, ...]] = ()
    search_hint: ClassVar[Any] = ""

    q = CharFilter(method="search_words", label=_("Search"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.search:
            del self.filters["q"]

    def search_words(self, rows: QuerySet[Model], name: str, value: str) -> QuerySet[Model]:
        for word in value.lower().split()[:MOST_WORDS]:
            found = Q()
            for field in self.search:
                found |= Q(**{_lookup(field): word})
            rows = rows.filter(found)
        return rows


def _lookup(field: str) -> str:
    named = field.rpartition("__")[2] in {"contains", "startswith"}
    return field if named else f"{field}__icontains"
