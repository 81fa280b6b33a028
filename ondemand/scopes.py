"""Which scope a request runs in: the address says the area, the session says who."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from customers import support
from customers.models import LoginToken, Person
from customers.support import SupportSession
from ondemand import audit
from ondemand.clock import now
from ondemand.models import User
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners.models import Member

if TYPE_CHECKING:
    from ondemand.access.seats import Seat

LOOK = "look_at_partner"
MEMBER = "member_id"
PERSON = "person_id"
PROGRESS = re.compile(r"/signup/progress/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")
SAFE = {"GET", "HEAD", "OPTIONS"}
EVERYONE = frozenset(Member.Role.values)
MONEY = frozenset({Member.Role.OWNER, Member.Role.FINANCE})
SUPPORT = frozenset({Member.Role.OWNER, Member.Role.SUPPORT})
OWNER = frozenset({Member.Role.OWNER})
PERSON_EVERYONE = frozenset(Person.Role.values)
PERSON_OWNER = frozenset({Person.Role.OWNER})
PERSON_BILLING = frozenset({Person.Role.OWNER, Person.Role.BILLING})
PERSON_TECHNICAL = frozenset({Person.Role.OWNER, Person.Role.TECHNICAL})
SUPPORT_COOKIE = f"{settings.SESSION_COOKIE_NAME.removesuffix('session')}support"
# What a member within a customer's account may read there, and do anywhere; all else of the kind is refused.
SUPPORT_READS = frozenset({"account", "account-access", "account-usage"})
SUPPORT_DOES = frozenset({"support-end", "account-open", "account_logout", "preferences", "set_language"})
CLOSED_TO_SUPPORT = ("/account/", "/accounts/", "/admin/")


AnySeat = TypeVar("AnySeat", Member, Person)


class TenantRequest(HttpRequest):
    """What a view may count on after the middleware; `user` is the signed-in person where there is one."""

    tenancy: Scope
    failed: bool
    member: Member | None
    person: Person | None
    support: SupportSession | None
    seats: list[Seat]


def person_of(request: HttpRequest) -> User:
    """The signed-in person, for views that nobody else reaches."""
    return cast(User, request.user)


def web(request: TenantRequest) -> Scope:
    if request.user.is_staff and LOOK in request.session:
        return _look(request)
    request.member = member_of(request)
    return Scope(Role.WEB, partner_id=request.member.partner_id if request.member else None)


def customer(request: TenantRequest) -> Scope:
    if request.support:
        return Scope(Role.CUSTOMER, customer_id=request.support.token.customer_id)
    request.person = customers_person_of(request)
    return Scope(Role.CUSTOMER, customer_id=request.person.customer_id if request.person else None)


def staff(request: TenantRequest) -> Scope:
    """The address alone opens nothing: whoever is not staff meets /admin/ as portal_auth."""
    user = request.user
    return Scope(Role.STAFF if user.is_active and user.is_staff else Role.AUTH)


def accounts(request: TenantRequest) -> Scope:
    bool(request.user.is_authenticated)
    return Scope(Role.AUTH)


def signup(request: TenantRequest) -> Scope:
    """Load session and user now: a template that asks later would ask as portal_signup."""
    request.person = customers_person_of(request)
    match = PROGRESS.match(request.path_info)
    return Scope(Role.SIGNUP, signup_id=match[1] if match else None)


def machine(request: TenantRequest) -> Scope:
    """No one is signed in here, whatever cookie comes along: machines have no session to read."""
    request.user, request.support = AnonymousUser(), None
    return Scope(Role.MACHINE)


AREAS: tuple[tuple[str, Callable[[TenantRequest], Scope]], ...] = (
    ("/admin/", staff),
    ("/accounts/", accounts),
    ("/account/", customer),
    ("/signup/", signup),
    ("/webhooks/", machine),
    ("/api/", machine),
    ("/healthz", machine),
    ("/readyz", machine),
    ("/metrics", machine),
)


def scope_of(request: TenantRequest) -> Scope:
    if request.support:
        _refuse_beyond_support(request, request.support)
    for prefix, find in AREAS:
        if request.path_info.startswith(prefix):
            return find(request)
    return web(request)


def member_of(request: HttpRequest) -> Member | None:
    """Asked as portal_app, before the transaction: it may read members and nothing of theirs."""
    return _seat_in_use(request, Member, MEMBER)


def customers_person_of(request: HttpRequest) -> Person | None:
    return _seat_in_use(request, Person, PERSON)


def _seat_in_use(request: HttpRequest, seats: type[AnySeat], key: str) -> AnySeat | None:
    if not request.user.is_authenticated:
        return None
    if key in request.session:
        return seats._default_manager.filter(pk=request.session[key], user=request.user, active=True).first()
    return last_used(seats, person_of(request))


def last_used(seats: type[AnySeat], user: User) -> AnySeat | None:
    """Which of several a sign-in takes; of those that were never chosen, the first."""
    mine = seats._default_manager.filter(user=user, active=True)
    return mine.order_by(F("used_at").desc(nulls_last=True), "pk").first()


def support_of(request: TenantRequest) -> SupportSession | None:
    """Whose account a member is in, by the cookie of that session alone; it ends with the member's own right."""
    secret = request.COOKIES.get(SUPPORT_COOKIE)
    if not secret or not request.user.is_authenticated:
        return None
    with as_worker():
        return support.session_of(secret, by=person_of(request), now=now())


def within(request: HttpRequest) -> dict[str, Any]:
    """For the audit trail: whose account a member is in, while doing something of the own."""
    session = cast(TenantRequest, request).support
    return {"within": session.token.company} if session else {}


def leave_support(session: SupportSession) -> None:
    """Who signs out has left the customer's account, too."""
    with as_worker():
        support.end([session.token], by=session.member.user, ending=LoginToken.Ending.MEMBER, now=now())


def _refuse_beyond_support(request: TenantRequest, session: SupportSession) -> None:
    """Within a customer's account a member looks: there what is listed, elsewhere the own screens.

    Password, e-mail and second factor would be thought the customer's, so the own ones are refused as well.
    """
    try:
        name = resolve(request.path_info).url_name or ""
    except Resolver404:
        name = ""
    reads = name in SUPPORT_READS or not request.path_info.startswith(CLOSED_TO_SUPPORT)
    if name in SUPPORT_DOES or (reads and request.method in SAFE):
        return
    if request.method not in SAFE:
        with as_worker():
            support.note_forbidden(session.token, name, by=session.member.user, now=now())
    raise PermissionDenied("A member changes nothing of this kind within a customer's account.")


def require_role(request: HttpRequest, roles: frozenset[str] | None) -> None:
    """Raise PermissionDenied (403) unless the member has one of `roles`, or staff look at the portal.

    None lets every member in; who is nobody's member is refused in any case.
    """
    asked = cast(TenantRequest, request)
    if asked.tenancy.read_only:
        return
    if asked.member is None or asked.member.role not in (roles or EVERYONE):
        raise PermissionDenied


def require_member(request: HttpRequest) -> Member:
    """Raise PermissionDenied (403) unless a member asks, and not staff who look at the portal."""
    member = cast(TenantRequest, request).member
    if member is None:
        raise PermissionDenied
    return member


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
    """Within, nothing can be written: a file that is taken is written down here, before."""
    partner_id = request.session[LOOK]
    if request.method not in SAFE:
        raise PermissionDenied("Staff who look at a partner's portal change nothing.")
    if request.GET.get("export"):
        wanted = request.path_info.strip("/")
        with tenant(Scope(Role.STAFF)):
            audit.record(
                "list.exported_by_staff",
                now=now(),
                actor=person_of(request),
                partner_id=partner_id,
                target=wanted,
                list=wanted,
                query=request.GET.urlencode()[:500],
            )
    return Scope(Role.WEB, partner_id=partner_id, read_only=True)
