"""What is done is written down, with who and from where, under a verb that has words."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import translation

from customers.models import Person
from ondemand import audit
from ondemand.audit import words
from ondemand.audit.verbs import TEAM, VERBS
from ondemand.servers import ROOT
from ondemand.staff import ReadOnlyAdmin, RecordedAdmin
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.path.trail import WRITES
from tests.trail.deeds import DEEDS, LATER
from tests.trail.world import HERE, NOW, World, entries, make_world, text


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
    "bank_account.blocked": "tests/trail/test_written.py::test_an_account_that_takes_no_money_any_more_is_told_of",
    "erasure.asked": "tests/personal/test_erasing_people.py::test_the_owner_asks_after_the_end_once",
    "erasure.confirmed": "tests/personal/test_erasing.py::test_what_is_left_says_what_it_was",
    "erasure.done": "tests/personal/test_erasing.py::test_what_is_left_says_what_it_was",
    "data.exported": "tests/personal/test_export.py::test_who_takes_data_along_is_written_down",
    "card.page_opened": "tests/path/test_trail_outside.py::test_card_and_instances_of_an_account",
    "instance.backup_taken": "tests/scenarios/test_stops.py::test_the_last_backup_is_downloaded_until_it_is_deleted",
    "instance.opened": "tests/path/test_trail_outside.py::test_card_and_instances_of_an_account",
    "login_as.allowed": "tests/path/test_trail_outside.py::test_card_and_instances_of_an_account",
    "login_as.opened": "tests/path/test_trail_outside.py::test_card_and_instances_of_an_account",
    "partner.active": "tests/walls/test_admin.py::test_a_suspended_partner_is_reactivated",
    "partner.suspended": "tests/walls/test_admin.py::test_a_suspended_partner_is_reactivated",
    "payment.failed": "tests/path/test_trail_outside.py::test_a_payment_that_stripe_refuses",
    **{f"person.{verb}": "tests/teams/test_team.py::test_everything_is_in_the_trail" for verb in TEAM},
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
