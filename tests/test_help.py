"""Ask for help: from the account to the partner's mailbox."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest

from customers.models import Customer, HelpRequest, Person
from instances.models import Instance
from ondemand import clock
from ondemand.models import AuditEntry, Mail, User
from ondemand.tenancy.context import as_worker
from partners.models import Member, Partner
from partners.services import Enrolment, enrol_partner
from tests import factories
from tests.factories import Cast, sign_in

NOW = clock.now()
AT = "/account/help/"
MESSAGE = "The till prints nothing since this morning."
SUPPORT = "help@iberia.example"


@dataclass
class World:
    cast: Cast
    customer: Customer
    ana: User
    instance: Instance

    def ask(self, message: str = MESSAGE, user: User | None = None, instance: object = None) -> tuple[int, str]:
        """The answer's status and text."""
        form = {"message": message, "instance": str(self.instance.pk if instance is None else instance)}
        answer = sign_in(user or self.ana).post(AT, form)
        return answer.status_code, answer.content.decode()

    def colleague(self, role: str) -> User:
        user = factories.make_person(customer=self.customer, email=f"{role}@vega.example")
        with as_worker():
            Person.objects.filter(user=user).update(role=role)
        return user


@pytest.fixture
def world(db: None) -> World:
    cast = factories.make_cast(now=NOW)
    customer = factories.make_customer(house=cast.iberia, plan=cast.plan, now=NOW, name="Bodegas Vega")
    instance = factories.make_instance(customer=customer, now=NOW)
    with as_worker():
        Partner.objects.filter(pk=cast.iberia.partner.pk).update(support_email=SUPPORT)
        ids = {"partner_id": instance.partner_id, "customer_id": customer.pk}
        instance.events.create(at=NOW, kind="running", text="The instance is running.", **ids)
    return World(cast, customer, factories.make_person(customer=customer, email="ana@vega.example"), instance)


def mails() -> list[Mail]:
    with as_worker():
        return list(Mail.objects.filter(key__startswith="help-").order_by("pk"))


def asked() -> list[HelpRequest]:
    with as_worker():
        return list(HelpRequest.objects.order_by("pk"))


def test_the_partners_support_gets_it_and_answers_to_the_person(world: World) -> None:
    assert world.ask()[0] == 302
    (mail,) = mails()
    assert (mail.recipient, mail.reply_to) == (SUPPORT, "ana@vega.example")
    assert mail.subject == f"Bodegas Vega asks for help with {world.instance.name}"
    for known in (MESSAGE, "ana@vega.example", "Version: 26.4", "State: running", "The instance is running."):
        assert known in mail.text, known
    assert re.search(r"Last heartbeat: \d{4}-\d\d-\d\d \d\d:\d\d", mail.text)
    assert f"/instances/{world.instance.pk}/" in mail.text


def test_without_a_support_address_the_owners_get_it(world: World) -> None:
    with as_worker():
        Partner.objects.update(support_email="")
        Member.objects.filter(user=world.cast.iberia.finance).update(role="owner")
    world.ask()
    assert {mail.recipient for mail in mails()} == {"owner@iberia.example", "finance@iberia.example"}


def test_a_partner_begins_with_the_owners_address(db: None) -> None:
    with as_worker():
        made = enrol_partner(Enrolment("aegean", "Aegean", "GR", "eleni@aegean.example", "Eleni"), both=False, now=NOW)
    assert made.support_email == "eleni@aegean.example"


def test_it_is_seen_in_the_account_and_in_the_trail(world: World) -> None:
    browser = sign_in(world.ana)
    answer = browser.post(AT, {"message": MESSAGE, "instance": world.instance.pk}, follow=True)
    page = answer.content.decode()
    assert "Your message was sent" in page
    assert MESSAGE in page
    with as_worker():
        entry = AuditEntry.objects.get(verb="help.asked")
    assert (entry.actor, entry.target, entry.customer_id) == (
        "ana@vega.example",
        world.instance.name,
        world.customer.pk,
    )
    other = factories.make_customer(house=world.cast.iberia, plan=world.cast.plan, now=NOW)
    neighbour = factories.make_person(customer=other, email="n@neighbour.example")
    assert MESSAGE not in sign_in(neighbour).get(AT).content.decode()


def test_the_owner_sees_what_colleagues_asked_and_they_their_own(world: World) -> None:
    billing = world.colleague("billing")
    world.ask("Where is the invoice of May?", user=billing, instance="other")
    world.ask()
    page = {user: sign_in(user).get(AT).content.decode() for user in (world.ana, billing)}
    assert [text in page[world.ana] for text in ("invoice of May", MESSAGE)] == [True, True]
    assert [text in page[billing] for text in ("invoice of May", MESSAGE)] == [True, False]


def test_billing_asks_and_meets_no_instance(world: World) -> None:
    billing = world.colleague("billing")
    assert world.instance.name not in sign_in(billing).get(f"{AT}?instance={world.instance.pk}").content.decode()
    assert world.ask(user=billing)[0] == 302
    assert (asked()[0].instance, mails()[0].subject) == ("", "Bodegas Vega asks for help")


@pytest.mark.parametrize("message", ["", "  ", "short", "x" * 4001, "a \x00 in a message"])
def test_what_is_no_message_is_said_and_stays(world: World, message: str) -> None:
    status, page = world.ask(message)
    assert (status, asked(), mails()) == (422, [], [])
    assert message.strip().replace("\x00", "") in page.replace("\x00", "")
    assert "Please look at this again" in page


@pytest.mark.parametrize("instance", ["", "999999", "x", "-1", "1 OR 1=1"])
def test_an_instance_that_is_not_theirs_is_no_choice(world: World, instance: str) -> None:
    status, page = world.ask(instance=instance)
    assert (status, asked()) == (422, [])
    assert MESSAGE in page


def test_ten_a_day_are_the_limit_and_the_eleventh_stays_in_the_form(world: World) -> None:
    for number in range(10):
        assert world.ask(f"{MESSAGE} {number}")[0] == 302
    status, page = world.ask(f"{MESSAGE} 10")
    assert (status, len(asked())) == (422, 10)
    assert "Ten questions within a day are the limit" in page
    assert f"{MESSAGE} 10" in page
    assert world.ask(user=world.colleague("technical"))[0] == 302
    with as_worker():
        HelpRequest.objects.update(created_at=NOW - timedelta(days=1))
    assert world.ask(f"{MESSAGE} 10")[0] == 302


def test_sent_twice_it_is_asked_once(world: World) -> None:
    assert [world.ask()[0] for _ in range(2)] == [302, 302]
    assert (len(asked()), len(mails())) == (1, 1)


def test_the_account_leads_there(world: World) -> None:
    page = sign_in(world.ana).get("/account/").content.decode()
    assert f'href="{AT}?instance={world.instance.pk}"' in page
    assert f"mailto:{SUPPORT}" in page
    chosen = sign_in(world.ana).get(f"{AT}?instance={world.instance.pk}").content.decode()
    assert f'<option value="{world.instance.pk}" selected>{world.instance.name}</option>' in chosen


def test_the_partners_support_sees_it_beside_the_customer(world: World) -> None:
    world.ask()
    page = f"/customers/{world.customer.pk}/"
    assert MESSAGE in sign_in(world.cast.iberia.support).get(page).content.decode()
    assert MESSAGE not in sign_in(world.cast.iberia.finance).get(page).content.decode()


def test_who_is_nobodys_person_has_nobody_to_ask(world: World) -> None:
    assert sign_in(world.cast.iberia.owner).get(AT).status_code == 403
    assert world.ask(user=world.cast.iberia.owner)[0] == 403
