"""Why an instance is stopped and until when its data is kept: on each screen of it."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from instances.models import Deletion, Instance, Suspension
from ondemand.portal import values
from ondemand.portal.detail import Fact


def stop_facts(row: Instance) -> Iterator[Fact]:
    """The open causes, and what is foretold."""
    for cause in Suspension.objects.open().filter(partner_id=row.partner_id, instance=row).with_reason_told():
        yield Fact(_("Suspended"), cause_text(cause), help=getattr(cause, "reason_told", ""))
    if foretold := deletion_of(row):
        yield Fact(_("Last backup"), backup_text(foretold))
        yield Fact(_("Will be deleted on"), values.day(foretold.delete_on), help=_("for good, with its last backup"))


def deletion_of(row: Instance) -> Deletion | None:
    return (
        Deletion.objects.open()
        .filter(partner_id=row.partner_id, instance=row)
        .exclude(instance__state="terminated")
        .first()
    )


def deletion_notices(customer_id: int) -> list[tuple[str, str, str, str]]:
    """For all people of a customer, those too who meet no instances; as templates/customers/account.html takes them."""
    told = gettext("%(name)s is stopped. On %(date)s it will be deleted for good, with its last backup.")
    rows = Deletion.objects.ahead().filter(customer_id=customer_id).select_related("instance").order_by("delete_on")
    shown = [{"name": row.instance.name, "date": values.day_text(row.delete_on)} for row in rows]
    return [("bad", told % each, "", "") for each in shown]


def cause_text(cause: Suspension) -> str:
    return format_html("{}, {} {}", cause.get_cause_display(), gettext("since"), values.instant(cause.opened_at))


def backup_text(row: Deletion) -> str:
    if row.backed_up_at is None:
        return format_html("{} {}", gettext("will be taken on"), values.day(row.backup_on))
    kilobytes = gettext("%(count)s kB") % {"count": values.number(-(-row.backup_bytes // 1000))}
    return format_html("{}, {}", values.instant(row.backed_up_at), kilobytes)
