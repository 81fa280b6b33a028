"""The trail as a list; whose, and for whom, the sides say."""

from __future__ import annotations

from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from ondemand.audit import words
from ondemand.audit.filters import TrailFilter
from ondemand.audit.tables import TrailTable
from ondemand.portal.exports import Column
from ondemand.portal.views import ListScreen

DEED = JSONObject(verb="verb", target="target", detail="detail")  # what a file's sentences are made of
EXPORT = [
    Column("at", "at", "instant"),
    Column("who", "actor"),
    Column("verb", "verb"),
    Column("what", "deed", say=lambda deed: words.sentence(**deed)),
    Column("from", "address"),
]


class Trail(ListScreen):
    """Rows are entries with their `deed`."""

    title = _("Activity")
    table_class = TrailTable
    filter_class = TrailFilter
    export = EXPORT
    export_name = "activity"
    empty_title = _("Nothing was done yet")
    empty_text = _("Who signs in, changes something or takes a file is listed here.")
