"""The trail: what is in it, who reads it, and in which words."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from customers.models import Customer, Person
from ondemand import audit, clock
from ondemand.accounts import set_password_url
from ondemand.audit import words
from ondemand.audit.verbs import TEAM, VERBS
from ondemand.models import AuditEntry, Mail, StripeEvent, User
from ondemand.servers import ROOT
from ondemand.staff import ReadOnlyAdmin, RecordedAdmin
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from tests import factories
from tests.factories import Cast, sign_in
from tests.path.trail import WRITES
from tests.walls.test_accounts import code

NOW = clock.now()
HERE = "192.0.2.7"
ANA = "ana@vega.example"


@dataclass
class World:
    cast: Cast
    customer: Customer
    ana: User

    def browser(self, user: User) -> Client:
        return sign_in(user, REMOTE_ADDR=HERE)

    @property
    def owner(self) -> Client:
        return self.browser(self.cast.iberia.owner)

    @property
    def staff(self) -> Client:
        return self.browser(self.cast.staff)


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def make_world() -> World:
    cast = factories.make_cast(now=NOW)
    customer = factories.make_customer(house=cast.iberia, plan=cast.plan, now=NOW, name="Bodegas Vega")
    return World(cast, customer, factories.make_person(customer=customer, email=ANA))


def entries(verb: str) -> list[AuditEntry]:
    with as_worker():
        return list(AuditEntry.objects.filter(verb=verb).order_by("pk"))


def text(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return str(answer.content.decode())


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


def selected(world: World, model: str, pk: object, action: str) -> None:
    answer = world.staff.post(f"/admin/{model}/", {"action": action, "_selected_action": pk})
    assert answer.status_code == 302


def retry_event(world: World) -> None:
    with as_worker():
        times = {"created": NOW, "received_at": NOW, "next_try_at": NOW}
        StripeEvent.objects.create(id="evt_1", type="x", object_kind="x", object_id="x", payload={}, **times)
    selected(world, "ondemand/stripeevent", "evt_1", "retry")


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
    "events.retried": (retry_event, "staff@openbravo.example"),
    "mails.resent": (resend_mail, "staff@openbravo.example"),
}


# Told by allauth once the request's transaction is over, so that tests must commit.
LATER = ("account.factor_added", "account.factor_renewed")


@pytest.mark.parametrize("verb", [verb for verb in DEEDS if verb not in LATER])
def test_it_is_written_down_with_who_and_from_where(world: World, verb: str) -> None:
    assert_written(world, verb)


@pytest.mark.parametrize("verb", LATER)
def test_it_is_written_down_after_the_request_with_who_and_from_where(fresh_database: str, verb: str) -> None:
    assert_written(make_world(), verb)


def assert_written(world: World, verb: str) -> None:
    deed, actor = DEEDS[verb]
    deed(world)
    found = entries(verb)
    assert found, "nothing was written"
    assert {(entry.actor, entry.address) for entry in found} == {(actor, HERE)}


# Verbs that neither the story nor a deed above writes, and where they are shown.
ELSEWHERE = {
    "bank_account.blocked": "tests/test_trail.py::test_an_account_that_takes_no_money_any_more_is_told_of",
    "erasure.asked": "tests/personal/test_erasing_people.py::test_the_owner_asks_after_the_end_once",
    "erasure.confirmed": "tests/personal/test_erasing.py::test_what_is_left_says_what_it_was",
    "erasure.done": "tests/personal/test_erasing.py::test_what_is_left_says_what_it_was",
    "data.exported": "tests/personal/test_export.py::test_who_takes_data_along_is_written_down",
    "card.page_opened": "tests/path/test_trail_outside.py::test_card_and_instances_of_an_account",
    "instance.opened": "tests/path/test_trail_outside.py::test_card_and_instances_of_an_account",
    "login_as.allowed": "tests/path/test_trail_outside.py::test_card_and_instances_of_an_account",
    "login_as.opened": "tests/path/test_trail_outside.py::test_card_and_instances_of_an_account",
    "partner.active": "tests/walls/test_admin.py::test_a_suspended_partner_is_reactivated",
    "partner.suspended": "tests/walls/test_admin.py::test_a_suspended_partner_is_reactivated",
    "payment.failed": "tests/path/test_trail_outside.py::test_a_payment_that_stripe_refuses",
    **{f"person.{verb}": "tests/test_team.py::test_everything_is_in_the_trail" for verb in TEAM},
}


def test_every_verb_is_seen_to_be_written() -> None:
    shown = DEEDS.keys() | ELSEWHERE.keys() | {verb for verbs in WRITES.values() for verb in verbs}
    assert set(VERBS) == shown


def test_what_is_shown_elsewhere_is_shown_there() -> None:
    for place in ELSEWHERE.values():
        path, _, name = place.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(), place


def test_a_verb_without_words_is_not_written(world: World) -> None:
    with pytest.raises(KeyError), as_worker():
        audit.record("nothing.known", now=NOW)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_words(verb: str, language: str) -> None:
    with translation.override(language):
        assert words.label(verb) not in ("", verb)
        assert "%" not in words.label(verb)


def test_every_form_of_staff_is_recorded() -> None:
    """Third parties' too."""
    loose = [each for each in admin.site._registry.values() if not isinstance(each, ReadOnlyAdmin | RecordedAdmin)]
    assert loose == []


def test_what_was_typed_for_an_unknown_address_is_not_kept(world: World) -> None:
    Client().post("/accounts/login/", {"login": "my-secret@typed.example", "password": "x"})
    (entry,) = entries("account.sign_in_failed")
    assert "secret" not in str(vars(entry))


def test_a_sign_in_is_in_the_trail_of_each_of_the_persons_teams(world: World) -> None:
    nordic = factories.make_customer(house=world.cast.nordic, plan=world.cast.plan, now=NOW)
    with as_worker():
        Person.objects.create(partner_id=nordic.partner_id, customer=nordic, user=world.cast.iberia.owner)
    world.browser(world.cast.iberia.owner)
    teams = [(entry.partner_id, entry.customer_id) for entry in entries("account.signed_in")]
    assert teams == [(world.cast.iberia.partner.pk, None), (None, nordic.pk)]


def test_the_platforms_own_deeds_come_from_nowhere(world: World) -> None:
    with as_worker():
        audit.record("payment.drafted", now=NOW, partner_id=world.cast.iberia.partner.pk, target="IB-1")
    (entry,) = entries("payment.drafted")
    assert (words.who(entry), entry.address) == ("the platform", None)


def test_an_account_that_takes_no_money_any_more_is_told_of(world: World) -> None:
    """As its words say it."""
    with as_worker():
        audit.record("bank_account.blocked", now=NOW, partner_id=world.cast.iberia.partner.pk, target="acct_7")
    assert "can no longer send money to the account acct_7" in text(world.owner, "/team/activity/")


def fill(world: World) -> None:
    """One deed of each reader."""
    iberia = world.cast.iberia
    keys: dict[str, Any] = {"partner_id": iberia.partner.pk, "customer_id": world.customer.pk}
    with as_worker():
        audit.record(
            "member.invited", now=NOW, actor=iberia.owner, partner_id=iberia.partner.pk, target="n@i", role="finance"
        )
        audit.record("person.invited", now=NOW, actor=world.ana, **keys, target="b@v", role="billing")
        audit.record(
            "login_as.entered", now=NOW, actor=iberia.support, **keys, target="Bodegas Vega", reason="The till"
        )
        audit.record("payment.proposed", now=NOW, actor=world.cast.staff, partner_id=iberia.partner.pk, target="IB-7")


MEMBERS, PEOPLE, VISIT, MONEY = (
    "invited n@i as finance",
    "invited b@v as billing",
    "entered the account of Bodegas Vega: The till",
    "proposed the payment IB-7",
)


def seen(page: str) -> set[str]:
    return {sentence for sentence in (MEMBERS, PEOPLE, VISIT, MONEY) if sentence in page}


def test_each_owner_reads_what_concerns_that_side(world: World) -> None:
    fill(world)
    assert seen(text(world.owner, "/team/activity/")) == {MEMBERS, VISIT}
    assert seen(text(world.browser(world.ana), "/account/activity/")) == {PEOPLE, VISIT}
    assert seen(text(world.staff, "/admin/ondemand/auditentry/")) == {MEMBERS, PEOPLE, VISIT, MONEY}
    assert seen(text(world.browser(world.cast.nordic.owner), "/team/activity/")) == set()


def test_the_walls_say_the_same_to_a_view_that_forgets_to_ask(world: World) -> None:
    fill(world)
    with tenant(world.cast.iberia.scope):
        mine = set(AuditEntry.objects.values_list("verb", flat=True))
    with tenant(Scope(Role.CUSTOMER, customer_id=world.customer.pk)):
        theirs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert (mine, theirs) == ({"member.invited", "login_as.entered"}, {"person.invited", "login_as.entered"})


@pytest.mark.parametrize("role", ["finance", "support"])
def test_the_trail_is_for_owners(world: World, role: str) -> None:
    assert world.browser(getattr(world.cast.iberia, role)).get("/team/activity/").status_code == 403


@pytest.mark.parametrize("role", ["billing", "technical"])
def test_the_accounts_trail_is_for_owners(world: World, role: str) -> None:
    other = factories.make_person(customer=world.customer, email="b@vega.example")
    with as_worker():
        Person.objects.filter(user=other).update(role=role)
    assert world.browser(other).get("/account/activity/").status_code == 403


def test_what_is_about_a_customer_leads_there(world: World) -> None:
    fill(world)
    assert f'<a href="/customers/{world.customer.pk}/">Bodegas Vega</a>' in text(world.owner, "/team/activity/")


def test_a_name_that_is_markup_is_text(world: World) -> None:
    fields: dict[str, Any] = {"verb": "origins.changed", "target": "<b>bold</b>", "origins": []}
    with as_worker():
        audit.record(**fields, now=NOW, actor=world.cast.iberia.owner, partner_id=world.cast.iberia.partner.pk)
    page = text(world.owner, "/team/activity/")
    assert "changed where &lt;b&gt;bold&lt;/b&gt; may be framed: nowhere" in page


def test_it_is_searched_and_filtered(world: World) -> None:
    fill(world)
    browser = world.owner
    for query, wanted in {
        "q=support@iberia": {VISIT},
        "area=team": {MEMBERS},
        "area=money": set(),
        "days=1": {MEMBERS, VISIT},
        "area=nonsense&days=x": {MEMBERS, VISIT},
    }.items():
        assert seen(text(browser, f"/team/activity/?{query}")) == wanted, query
    admin_list = "/admin/ondemand/auditentry/"
    iberia, staff = world.cast.iberia.partner.pk, world.staff
    assert seen(text(staff, f"{admin_list}?verb=payment.proposed")) == {MONEY}
    assert seen(text(staff, f"{admin_list}?partner={iberia}&actor={ANA}")) == {PEOPLE}
    assert text(staff, f"{admin_list}?partner=x")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_its_file_holds_the_sentences_and_is_written_down_itself(world: World, form: str) -> None:
    fill(world)
    browser = world.browser(world.ana)
    assert browser.get(f"/account/activity/?export={form}").status_code == 200
    answer = browser.get(f"/account/activity/?export={form}")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        assert PEOPLE in [row["what"] for row in rows]
        assert {row["from"] for row in rows if row["verb"] == "list.exported"} == {HERE}
    entry, _ = entries("list.exported")
    assert (entry.customer_id, entry.partner_id, entry.actor) == (world.customer.pk, None, ANA)
    assert "took a file of activity: 3 rows" in text(browser, "/account/activity/")


def test_it_speaks_the_readers_language() -> None:
    with translation.override("es"):
        sentence = words.sentence("list.exported", "customers", {"list": "customers", "rows": 1234})
    assert "clientes: 1.234" in sentence
