"""Pages by number whose cost hardly grows towards the end."""

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet


class Pages(Paginator):
    """Finds a page's ids in an index, from the nearer end, and only then reads the rows.

    Sorts must end in the id, each with an index on (partner, sort key, id). Where `count` is not
    of the whole list (`whole` is False), its end is unknown and pages are counted from the start.
    """

    def __init__(self, rows: QuerySet[Model], per_page: int, count: int, whole: bool) -> None:
        super().__init__(rows, per_page)
        self.rows = rows
        self.count = count
        self.whole = whole

    def page(self, number: int | str) -> Page:
        at = self.validate_number(number)
        start = (at - 1) * self.per_page
        stop = min(start + self.per_page, self.count)
        if start < 10 * self.per_page:  # skipping so few costs less than asking twice
            return Page(list(self.rows[start:stop]), at, self)
        ids = self.rows.values("pk")
        if self.whole and start > self.count // 2:
            ids = ids.reverse()[self.count - stop : self.count - start]
        else:
            ids = ids[start:stop]
        return Page(list(self.rows.filter(pk__in=ids)), at, self)
