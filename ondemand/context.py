"""What every page's shell shows: zone, partner, menu. Read lazily, so that an error page asks for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import Person
from customers.support import SupportSession
from ondemand.access.seats import Seat
from ondemand.scopes import (
    EVERYONE,
    MONEY,
    OWNER,
    PERSON_OWNER,
    PERSON_TECHNICAL,
    SUPPORT,
    SUPPORT_READS,
    TenantRequest,
)
from ondemand.tenancy.roles import Role
from partners.models import Member, Partner

ZONES = {"EU": _("EU platform"), "US": _("US platform")}


@dataclass(frozen=True)
class Item:
    label: str | Promise
    url: str
    icon: str
    current: bool


@dataclass(frozen=True)
class Group:
    label: str | Promise
    items: list[Item]


Page = tuple[str | Promise, str, str]  # what it is called, its address by name, its icon
ENTRIES: tuple[tuple[str | Promise, tuple[tuple[str | Promise, str, str, frozenset[str]], ...]], ...] = (
    ("", ((_("Dashboard"), "dashboard", "dashboard", EVERYONE),)),
    (
        _("Support"),
        (
            (_("Customers"), "customers", "customers", EVERYONE),
            (_("App Instances"), "instances", "instances", SUPPORT),
        ),
    ),
    (
        _("Revenue"),
        (
            (_("Commissions"), "commissions", "commissions", MONEY),
            (_("Sign Up Pages"), "sign-up-pages", "pages", EVERYONE),
            (_("Payments"), "payments", "payments", MONEY),
        ),
    ),
    (
        _("Partner"),
        (
            (_("Team"), "team", "team", OWNER),
            (_("Activity"), "team-activity", "clock", OWNER),
        ),
    ),
)


ACCOUNT_ENTRIES: tuple[Page, ...] = (
    (_("Your account"), "account", "home"),
    (_("Order another instance"), "account-order", "plus"),
    (_("Ask for help"), "account-help", "mail"),
    (_("Who was here"), "account-access", "key"),
    (_("Team"), "account-team", "team"),
    (_("Your data"), "account-data", "download"),
    (_("Activity"), "account-activity", "clock"),
)
ACCOUNT_ROLES: dict[str, frozenset[str]] = {
    "account": frozenset(Person.Role.values),
    "account-order": PERSON_OWNER,
    "account-help": frozenset(Person.Role.values),
    "account-access": PERSON_TECHNICAL,
    "account-team": PERSON_OWNER,
    "account-data": PERSON_OWNER,
    "account-activity": PERSON_OWNER,
}


class Shell:
    zone = settings.ZONE
    zone_label = ZONES[settings.ZONE]
    env = settings.ONDEMAND_ENV

    def __init__(self, request: HttpRequest) -> None:
        self._request = cast(TenantRequest, request)

    @property
    def member(self) -> Member | None:
        return getattr(self._request, "member", None)

    @property
    def role(self) -> Role | None:
        tenancy = getattr(self._request, "tenancy", None)
        return tenancy.role if tenancy else None

    @property
    def theme(self) -> str:
        theme = self._request.COOKIES.get(settings.THEME_COOKIE_NAME, "")
        return theme if theme in ("light", "dark") else ""

    @cached_property
    def partner(self) -> Partner | None:
        if self.role != Role.WEB or self._request.tenancy.partner_id is None:
            return None
        return Partner.objects.filter(pk=self._request.tenancy.partner_id).first()

    @property
    def peer_url(self) -> str:
        both = self.partner is not None and self.partner.peer_state == Partner.Peer.DONE
        return settings.PEER_URL if both else ""

    @cached_property
    def menu(self) -> list[Group]:
        if self.role == Role.CUSTOMER and self.account_menu:
            return [self._group("", [entry for entry in ACCOUNT_ENTRIES if self._meets(entry[1])])]
        looking = self.role == Role.WEB and self._request.tenancy.read_only
        if self.member is None and not looking:
            return []
        role = self.member.role if self.member else Member.Role.OWNER
        groups = [
            self._group(label, [entry[:3] for entry in entries if role in entry[3]]) for label, entries in ENTRIES
        ]
        return [group for group in groups if group.items]

    def _group(self, label: str | Promise, pages: Sequence[Page]) -> Group:
        """Current is the nearest above the page that is shown."""
        urls = [reverse(name) for _, name, _ in pages]
        here = max((url for url in urls if self._request.path.startswith(url)), key=len, default="")
        items = [Item(title, url, icon, url == here) for (title, _, icon), url in zip(pages, urls, strict=True)]
        return Group(label, items)

    @property
    def account_menu(self) -> bool:
        return self._person is not None or self.support is not None

    def _meets(self, page: str) -> bool:
        """Who helps reads; who pays has no business with who was here (life.md)."""
        if self.support:
            return page in SUPPORT_READS
        return self._person is not None and self._person.role in ACCOUNT_ROLES[page]

    @property
    def _person(self) -> Person | None:
        return getattr(self._request, "person", None)

    @property
    def support(self) -> SupportSession | None:
        """The member's way into a customer's account: said on every page, with the way out."""
        return getattr(self._request, "support", None)

    @property
    def seats(self) -> list[Seat]:
        """What the person may switch to and from; empty for who has one place."""
        return getattr(self._request, "seats", [])

    @property
    def place(self) -> str:
        """Where one is, for who may be elsewhere."""
        return next((seat.name for seat in self.seats if seat.current), "")

    @property
    def leave_url(self) -> str:
        if self.support or (self.member is None and self._person is None):
            return ""
        return reverse("team-leave" if self.member else "account-team-leave")

    @property
    def banner(self) -> str | Promise:
        if self.role == Role.WEB and self._request.tenancy.read_only:
            return _("You are looking at this partner's portal as staff. Nothing can be changed here.")
        return ""


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"shell": Shell(request)}
