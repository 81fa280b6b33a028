"""Who reads the trail, which part of it, and how."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.utils import translation

from customers.models import Person
from ondemand import audit
from ondemand.audit import words
from ondemand.models import AuditEntry
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from tests import factories
from tests.trail.world import ANA, HERE, NOW, World, entries, text


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
