"""Instances, and what each meter counted, as rows."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from customers.tables import LeavingCell
from instances.models import Instance, InstanceEvent
from instances.words import read
from ondemand.portal import values
from ondemand.portal.tables import (
    BadgeCell,
    DateCell,
    DateTimeCell,
    LinkCell,
    ListTable,
    MoneyCell,
    NumberCell,
    TextCell,
)

TONES: Final = {
    Instance.State.QUEUED: "info",
    Instance.State.BOOTING: "info",
    Instance.State.RUNNING: "good",
    Instance.State.SUSPENDING: "warn",
    Instance.State.SUSPENDED: "bad",
    Instance.State.RESUMING: "info",
    Instance.State.FAILED: "bad",
    Instance.State.TERMINATING: "warn",
}


class AddressCell(LinkCell):
    """The instance's address without its scheme, or its name until it has one; leads to the instance."""

    def draw(self, value: Any, row: Any) -> str:
        shown = row.address.partition("://")[2].rstrip("/") or value
        return values.link(self.url(row), shown)


class InstanceTable(ListTable):
    address = AddressCell(accessor="name", verbose_name=_("address"))
    customer = LinkCell(accessor="customer__name", url="customer.get_absolute_url", verbose_name=_("customer"))
    state = LeavingCell(Instance.State.choices, TONES, ends="subscription.ends_at", verbose_name=_("state"))
    users = NumberCell(verbose_name=_("named users"))
    terminals = NumberCell(verbose_name=_("POS terminals"))
    disk = NumberCell(accessor="gigabytes", order_by="disk_mb", verbose_name=_("disk (GB)"))
    product = TextCell(accessor="product__name", verbose_name=_("product"))
    plan = TextCell(accessor="plan__name", verbose_name=_("plan"))
    price = MoneyCell(currency="plan__currency", verbose_name=_("price so far"))

    class Meta(ListTable.Meta):
        model = Instance
        fields = ()
        order_by = "address"


class InstancesWithoutMoney(InstanceTable):
    class Meta(InstanceTable.Meta):
        exclude = ("price",)


class CustomersInstanceTable(ListTable):
    """Within one customer's page."""

    address = AddressCell(accessor="name", verbose_name=_("address"))
    state = BadgeCell(Instance.State.choices, TONES, verbose_name=_("state"))
    product = TextCell(accessor="product__name", verbose_name=_("product"))
    plan = TextCell(accessor="plan__name", verbose_name=_("plan"))
    users = NumberCell(verbose_name=_("named users"))
    terminals = NumberCell(verbose_name=_("POS terminals"))
    disk = NumberCell(accessor="disk_gb", order_by="disk_mb", verbose_name=_("disk (GB)"))
    created = DateCell(accessor="created_at", verbose_name=_("since"))

    class Meta(ListTable.Meta):
        model = Instance
        fields = ()
        order_by = "-created"


class EventCell(TextCell):
    def draw(self, value: str, row: Any) -> str:
        return read(value)


class EventTable(ListTable):
    at = DateTimeCell(verbose_name=_("time"))
    text = EventCell(verbose_name=_("what happened"))

    class Meta(ListTable.Meta):
        model = InstanceEvent
        fields = ()
        order_by = "-at"


class CyclesTable(ListTable):
    """Of one instance; rows are what instances.views.usage makes."""

    text = LinkCell(url="url", verbose_name=_("cycle"))
    users = NumberCell(verbose_name=_("named users"))
    terminals = NumberCell(verbose_name=_("POS terminals"))
    disk_gb = NumberCell(verbose_name=_("disk (GB)"))
    amount = MoneyCell(verbose_name=_("price of the usage"))


class CyclesWithoutMoney(CyclesTable):
    class Meta(ListTable.Meta):
        exclude = ("amount",)


class MetersTable(ListTable):
    meter = TextCell(verbose_name=_("what"))
    peak = NumberCell(verbose_name=_("at most"))
    on = TextCell(verbose_name=_("on"))
    billable = NumberCell(verbose_name=_("billed"))
    included = NumberCell(verbose_name=_("included"))
    each = MoneyCell(verbose_name=_("each"))
    amount = MoneyCell(verbose_name=_("amount"))
    invoice = TextCell(verbose_name=_("invoice"))


class MetersWithoutMoney(MetersTable):
    class Meta(ListTable.Meta):
        exclude = ("each", "amount", "invoice")


class DaysTable(ListTable):
    day = TextCell(verbose_name=_("day (UTC)"))
    users = NumberCell(verbose_name=_("named users"))
    terminals = NumberCell(verbose_name=_("POS terminals"))
    disk_gb = NumberCell(verbose_name=_("disk (GB)"))
    received_at = DateTimeCell(verbose_name=_("last reported"))
