"""Which scope a request runs in: the address says the area, the session says who."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from customers.models import Person
from ondemand.models import User
from ondemand.tenancy.context import Scope
from ondemand.tenancy.roles import Role
from partners.models import Member

LOOK = "look_at_partner"
MEMBER = "member_id"
PERSON = "person_id"
PROGRESS = re.compile(r"/signup/progress/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")
SAFE = {"GET", "HEAD", "OPTIONS"}
EVERYONE = frozenset(Member.Role.values)
MONEY = frozenset({Member.Role.OWNER, Member.Role.FINANCE})
SUPPORT = frozenset({Member.Role.OWNER, Member.Role.SUPPORT})
OWNER = frozenset({Member.Role.OWNER})
PERSON_OWNER = frozenset({Person.Role.OWNER})
PERSON_BILLING = frozenset({Person.Role.OWNER, Person.Role.BILLING})
PERSON_TECHNICAL = frozenset({Person.Role.OWNER, Person.Role.TECHNICAL})


class TenantRequest(HttpRequest):
    """What a view may count on after the middleware; `user` is the signed-in person where there is one."""

    tenancy: Scope
    failed: bool
    member: Member | None
    person: Person | None


def person_of(request: HttpRequest) -> User:
    """The signed-in person, for views that nobody else reaches."""
    return cast(User, request.user)


def web(request: TenantRequest) -> Scope:
    if request.user.is_staff and LOOK in request.session:
        return _look(request)
    request.member = member_of(request)
    return Scope(Role.WEB, partner_id=request.member.partner_id if request.member else None)


def customer(request: TenantRequest) -> Scope:
    request.person = customers_person_of(request)
    return Scope(Role.CUSTOMER, customer_id=request.person.customer_id if request.person else None)


def staff(request: TenantRequest) -> Scope:
    """The address alone opens nothing: whoever is not staff meets /admin/ as portal_auth."""
    user = request.user
    return Scope(Role.STAFF if user.is_active and user.is_staff else Role.AUTH)


def signup(request: TenantRequest) -> Scope:
    """Load session and user now: a template that asks later would ask as portal_signup."""
    request.person = customers_person_of(request)
    match = PROGRESS.match(request.path_info)
    return Scope(Role.SIGNUP, signup_id=match[1] if match else None)


def machine(request: TenantRequest) -> Scope:
    """No one is signed in here, whatever cookie comes along: machines have no session to read."""
    request.user = AnonymousUser()
    return Scope(Role.MACHINE)


def _fixed(role: Role) -> Callable[[TenantRequest], Scope]:
    def fixed(request: TenantRequest) -> Scope:
        bool(request.user.is_authenticated)
        return Scope(role)

    return fixed


AREAS: tuple[tuple[str, Callable[[TenantRequest], Scope]], ...] = (
    ("/admin/", staff),
    ("/accounts/", _fixed(Role.AUTH)),
    ("/account/", customer),
    ("/signup/", signup),
    ("/webhooks/", machine),
    ("/api/", machine),
    ("/healthz", machine),
    ("/readyz", machine),
    ("/metrics", machine),
)


def scope_of(request: TenantRequest) -> Scope:
    for prefix, find in AREAS:
        if request.path_info.startswith(prefix):
            return find(request)
    return web(request)


def member_of(request: HttpRequest) -> Member | None:
    """Asked as portal_app, before the transaction: it may read members and nothing of theirs."""
    if not request.user.is_authenticated:
        return None
    mine = Member.objects.filter(user=request.user, active=True)
    if MEMBER in request.session:
        mine = mine.filter(pk=request.session[MEMBER])
    return mine.order_by("pk").first()


def customers_person_of(request: HttpRequest) -> Person | None:
    if not request.user.is_authenticated:
        return None
    mine = Person.objects.filter(user=request.user, active=True)
    if PERSON in request.session:
        mine = mine.filter(pk=request.session[PERSON])
    return mine.order_by("pk").first()


def require_role(request: HttpRequest, roles: frozenset[str] | None) -> None:
    """Raise PermissionDenied (403) unless the member has one of `roles`, or staff look at the portal.

    None lets every member in; who is nobody's member is refused in any case.
    """
    asked = cast(TenantRequest, request)
    if asked.tenancy.read_only:
        return
    if asked.member is None or asked.member.role not in (roles or EVERYONE):
        raise PermissionDenied


def require_person(request: HttpRequest, roles: frozenset[str]) -> Person:
    """Raise PermissionDenied (403) unless a customer's person of one of `roles` asks."""
    person = cast(TenantRequest, request).person
    if person is None or person.role not in roles:
        raise PermissionDenied
    return person


def sees_money(request: HttpRequest) -> bool:
    """Support members meet no money figures (design.md section 2)."""
    asked = cast(TenantRequest, request)
    return asked.tenancy.read_only or (asked.member is not None and asked.member.role in MONEY)


def sees_instances(request: HttpRequest) -> bool:
    """Finance members work with Customers and Revenue (design.md section 2)."""
    asked = cast(TenantRequest, request)
    return asked.tenancy.read_only or (asked.member is not None and asked.member.role in SUPPORT)


def partner_id_of(request: HttpRequest) -> int:
    """Whose rows a partner's page shows, 0 for nobody's. The walls say the same."""
    return cast(TenantRequest, request).tenancy.partner_id or 0


def _look(request: HttpRequest) -> Scope:
    if request.method not in SAFE:
        raise PermissionDenied("Staff who look at a partner's portal change nothing.")
    return Scope(Role.WEB, partner_id=request.session[LOOK], read_only=True)
