"""What people do by the pages, and the verb that is then in the trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client

from ondemand import audit
from ondemand.accounts import set_password_url
from ondemand.models import Mail, StripeEvent, User
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.trail.world import ANA, HERE, NOW, World
from tests.walls.test_accounts import code


def reauthenticated(world: World) -> Client:
    browser = world.owner
    browser.post("/accounts/reauthenticate/", {"password": factories.PASSWORD})
    return browser


def with_factor(world: World) -> tuple[Client, str]:
    browser = reauthenticated(world)
    secret = browser.get("/accounts/2fa/totp/activate/").context["form"].secret
    assert browser.post("/accounts/2fa/totp/activate/", {"code": code(secret)}).status_code == 302
    return browser, secret


def by_the_form(user: User) -> Client:
    browser = Client(REMOTE_ADDR=HERE)
    form = {"login": user.email, "password": factories.PASSWORD}
    assert browser.post("/accounts/login/", form).status_code == 302
    return browser


def wrong_password(world: World) -> None:
    form = {"login": "OWNER@iberia.example", "password": "wrong"}
    assert Client(REMOTE_ADDR=HERE).post("/accounts/login/", form).status_code == 200


def wrong_code(world: World) -> None:
    with_factor(world)
    cache.clear()
    other = by_the_form(world.cast.iberia.owner)
    assert other.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200


def change_password(world: World) -> None:
    form = {"oldpassword": factories.PASSWORD, "password1": "a-good-long-phrase", "password2": "a-good-long-phrase"}
    assert world.owner.post("/accounts/password/change/", form).status_code == 302


def reset_password(world: World) -> None:
    browser = Client(REMOTE_ADDR=HERE)
    with as_worker():
        path = set_password_url(world.cast.iberia.owner).partition("/accounts/")[2]
    page = browser.get(f"/accounts/{path}")
    form = {"password1": "a-good-long-phrase", "password2": "a-good-long-phrase"}
    assert browser.post(page["Location"], form).status_code == 302


def add_address(world: World) -> None:
    reauthenticated(world).post("/accounts/email/", {"action_add": "", "email": "olga@iberia.example"})


def with_address(world: World) -> Client:
    with as_worker():
        EmailAddress.objects.create(user=world.cast.iberia.owner, email="olga@iberia.example", verified=True)
    return reauthenticated(world)


def change_address(world: World) -> None:
    with_address(world).post("/accounts/email/", {"action_primary": "", "email": "olga@iberia.example"})


def remove_address(world: World) -> None:
    with_address(world).post("/accounts/email/", {"action_remove": "", "email": "olga@iberia.example"})


def remove_factor(world: World) -> None:
    assert with_factor(world)[0].post("/accounts/2fa/totp/deactivate/").status_code == 302


def renew_codes(world: World) -> None:
    assert with_factor(world)[0].post("/accounts/2fa/recovery-codes/generate/").status_code == 302


def take_file(world: World) -> None:
    world.owner.get("/customers/?export=csv")


def look(world: World) -> Client:
    browser = world.staff
    assert browser.post(f"/admin/partners/partner/{world.cast.iberia.partner.pk}/look/").status_code == 302
    return browser


def take_file_as_staff(world: World) -> None:
    assert look(world).get("/customers/?export=csv").status_code == 200


def stop_looking(world: World) -> None:
    assert look(world).post("/admin/partners/partner/look/end/").status_code == 302


def selected(world: World, model: str, pk: object, action: str, **more: str) -> None:
    answer = world.staff.post(f"/admin/{model}/", {"action": action, "_selected_action": pk} | more)
    assert answer.status_code == 302


def make_event() -> None:
    with as_worker():
        times = {"created": NOW, "received_at": NOW, "next_try_at": NOW}
        StripeEvent.objects.create(id="evt_1", type="x", object_kind="x", object_id="x", payload={}, **times)


def retry_event(world: World) -> None:
    make_event()
    selected(world, "ondemand/stripeevent", "evt_1", "retry")


def ignore_event(world: World) -> None:
    make_event()
    selected(world, "ondemand/stripeevent", "evt_1", "ignore", why="Nobody needs it")


def resend_mail(world: World) -> None:
    with as_worker():
        mail = Mail.objects.create(key="x", recipient=ANA, subject="x", text="x", next_try_at=NOW, created_at=NOW)
    selected(world, "ondemand/mail", mail.pk, "resend")


def retry_signup(world: World) -> None:
    signup = factories.make_signup(house=world.cast.iberia, plan=world.cast.plan, now=NOW)
    selected(world, "signup/signup", signup.pk, "retry")


def add_group(world: World) -> None:
    assert world.staff.post("/admin/auth/group/add/", {"name": "auditors"}).status_code == 302


def doubt_address(world: World) -> None:
    with as_worker():
        address = EmailAddress.objects.get(user=world.ana)
    form = {"user": world.ana.pk, "email": ANA, "primary": "on"}
    assert world.staff.post(f"/admin/account/emailaddress/{address.pk}/change/", form).status_code == 302


def delete_factor(world: World) -> None:
    with as_worker():
        factor = Authenticator.objects.create(user=world.ana, type="totp", data={})
    assert world.staff.post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"}).status_code == 302


def edit_partner(world: World) -> None:
    """The finance member is made an owner."""
    partner = world.cast.iberia.partner
    form = {"name": "Iberia", "code": "iberia", "country": "ES", "support_email": "", "support_phone": ""}
    with as_worker():
        members = list(partner.members.order_by("pk").values("pk", "user_id", "role"))
    form |= {"members-TOTAL_FORMS": str(len(members)), "members-INITIAL_FORMS": str(len(members))}
    for place, member in enumerate(members):
        fields = {"id": member["pk"], "partner": partner.pk, "user": member["user_id"], "role": "owner", "active": "on"}
        form |= {f"members-{place}-{name}": str(value) for name, value in fields.items()}
    assert world.staff.post(f"/admin/partners/partner/{partner.pk}/change/", form).status_code == 302


def close_page(world: World) -> None:
    page = f"/admin/partners/campaign/{world.cast.iberia.campaign.pk}/change/"
    assert world.staff.post(page, {}).status_code == 302


# What no service does: the deed, and by whom it is.
DEEDS: dict[str, tuple[Callable[[World], Any], str]] = {
    "account.signed_in": (lambda world: by_the_form(world.cast.iberia.owner), "owner@iberia.example"),
    "account.signed_out": (lambda world: world.owner.post("/accounts/logout/"), "owner@iberia.example"),
    "account.sign_in_failed": (wrong_password, audit.SOMEBODY),
    "account.code_failed": (wrong_code, "owner@iberia.example"),
    "account.password_changed": (change_password, "owner@iberia.example"),
    "account.password_reset": (reset_password, "owner@iberia.example"),
    "account.email_added": (add_address, "owner@iberia.example"),
    "account.email_changed": (change_address, "olga@iberia.example"),
    "account.email_removed": (remove_address, "owner@iberia.example"),
    "account.factor_added": (with_factor, "owner@iberia.example"),
    "account.factor_removed": (remove_factor, "owner@iberia.example"),
    "account.factor_renewed": (renew_codes, "owner@iberia.example"),
    "list.exported": (take_file, "owner@iberia.example"),
    "list.exported_by_staff": (take_file_as_staff, "staff@openbravo.example"),
    "partner.looked_at": (look, "staff@openbravo.example"),
    "partner.look_ended": (stop_looking, "staff@openbravo.example"),
    "partner.edited": (edit_partner, "staff@openbravo.example"),
    "page.edited": (close_page, "staff@openbravo.example"),
    "staff.added": (add_group, "staff@openbravo.example"),
    "staff.changed": (doubt_address, "staff@openbravo.example"),
    "staff.deleted": (delete_factor, "staff@openbravo.example"),
    "signup.retried": (retry_signup, "staff@openbravo.example"),
    "events.ignored": (ignore_event, "staff@openbravo.example"),
    "events.retried": (retry_event, "staff@openbravo.example"),
    "mails.resent": (resend_mail, "staff@openbravo.example"),
}


# Told by allauth once the request's transaction is over, so that tests must commit.
LATER = ("account.factor_added", "account.factor_renewed")
