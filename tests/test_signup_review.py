"""Doubtful sign-ups wait for staff: nothing boots and nothing earns until they release them; refused, all is undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail as outbox
from django.test import Client

from commissions.models import Commission
from customers.models import Customer, Invoice
from instances.models import Instance
from ondemand import mail
from ondemand.env import Env, WrongSetting
from ondemand.models import AuditEntry, Mail, StripeEvent
from ondemand.tenancy.context import as_worker
from partners.models import Partner
from signup import services
from signup import tasks as jobs
from signup.models import SignUp
from signup.services import limits
from tests.factories import sign_in
from tests.path.conftest import park, standin, stripe_base, walk
from tests.path.walk import Walk

__all__ = ["park", "standin", "stripe_base", "walk"]

VISA, SPANISH, RISKY = "4242424242424242", "4000007240000007", "4000000000009235"
ALL_RULES = ["risk", "country", "disposable", "card", "own", "many"]
LIST = "/admin/signup/signup/"


@pytest.fixture
def offered(walk: Walk, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    """The product's clock is Stripe's."""
    settings.REVIEW_RULES = ALL_RULES
    monkeypatch.setattr("ondemand.clock.now", lambda: walk.now)
    walk.enrol()
    walk.offer()
    yield walk


def paid(offered: Walk, card: str = SPANISH, client: Client | None = None, **form: Any) -> SignUp:
    """A sign-up after its way back from the card."""
    browser = client or Client()
    answer = offered.register(browser, **form)
    assert answer.status_code == 303, answer.content.decode()
    browser.get(offered.pay(answer["Location"], card))
    with as_worker():
        return SignUp.objects.latest("pk")


def again(signup: SignUp) -> SignUp:
    with as_worker():
        return SignUp.objects.get(pk=signup.pk)


def decide(offered: Walk, action: str, *signups: SignUp, why: str = "Called them.") -> Any:
    staff = sign_in(offered.staff(f"staff-{uuid4().hex[:6]}"))
    chosen = {"action": action, "_selected_action": [each.pk for each in signups]}
    return staff.post(LIST, chosen | ({"why": why} if why else {}), follow=True)


def made() -> tuple[int, int, int]:
    with as_worker():
        return Customer.objects.count(), Instance.objects.count(), Commission.objects.count()


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_without_a_doubt_it_is_completed_at_once(offered: Walk) -> None:
    assert paid(offered).state == SignUp.State.COMPLETED


@pytest.mark.parametrize(
    ("card", "form", "doubt"),
    [
        (RISKY, {"country": "US", "vat_number": ""}, "risk"),
        (VISA, {}, "country"),
        (SPANISH, {"email": "ana@mailinator.com"}, "disposable"),
        (SPANISH, {"email": "ana@box.mailinator.com"}, "disposable"),
        (SPANISH, {"email": "Owner@iberia.example"}, "own"),
    ],
)
def test_it_is_held_for(offered: Walk, card: str, form: dict[str, Any], doubt: str) -> None:
    signup = paid(offered, card, **form)
    assert (signup.state, signup.doubts) == (SignUp.State.REVIEW, [doubt])
    assert made() == (0, 0, 0)


def test_staff_are_asked_once_and_told_the_reasons(offered: Walk) -> None:
    offered.staff("decides")
    signup = paid(offered, RISKY, email="ana@mailinator.com")
    with as_worker():
        [asked] = Mail.objects.filter(recipient="decides@openbravo.example")
    assert "Stripe rates the payment's risk as elevated" in asked.text
    assert f"/admin/signup/signup/{signup.pk}/change/" in asked.text


def test_all_reasons_are_kept(offered: Walk) -> None:
    assert paid(offered, RISKY, email="ana@mailinator.com").doubts == ["risk", "country", "disposable"]


def test_a_card_signs_up_twice_and_the_third_is_held(offered: Walk) -> None:
    states = [paid(offered, username=f"shop-{n}", email=f"{n}@shops.example").state for n in range(3)]
    assert states == ["completed", "completed", "review"]
    german: dict[str, Any] = {"username": "laden", "email": "d@laden.example", "country": "DE", "vat_number": ""}
    assert paid(offered, "4000002760000016", **german).state == SignUp.State.COMPLETED


def test_a_members_card_is_known_again_under_another_address(offered: Walk) -> None:
    paid(offered, username="one", email="owner@iberia.example")
    assert paid(offered, username="two", email="other@shops.example").doubts == ["own"]


def test_a_rule_that_is_off_holds_nobody(offered: Walk, settings: Any) -> None:
    settings.REVIEW_RULES = ["country"]
    assert paid(offered, email="ana@mailinator.com").state == SignUp.State.COMPLETED


def test_with_test_cards_neither_country_nor_card_counts(settings: Any) -> None:
    assert settings.REVIEW_RULES == ["risk", "disposable", "own", "many"]
    with pytest.raises(WrongSetting, match="REVIEW_RULES='nonsense'"):
        Env({"REVIEW_RULES": "risk,nonsense"}).some_of("REVIEW_RULES", tuple(ALL_RULES), "")


def test_sign_ups_begun_within_the_limit_and_paid_beyond_it_are_held(
    offered: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PER_NETWORK", 1)
    browsers = [Client(REMOTE_ADDR=f"198.51.100.{n}") for n in range(2)]
    pages = [
        offered.register(browser, username=f"shop-{n}", email=f"{n}@shops.example")["Location"]
        for n, browser in enumerate(browsers)
    ]
    for browser, page in zip(browsers, pages, strict=True):
        browser.get(offered.pay(page, SPANISH))
    with as_worker():
        found = SignUp.objects.order_by("pk").values_list("state", "doubts")
        assert list(found) == [("completed", []), ("review", ["many"])]


def test_a_customers_further_order_is_not_held(offered: Walk) -> None:
    client = Client()
    first = paid(offered, client=client)
    services.choose_password(first, "a-good-long-passphrase", now=offered.now)
    with as_worker():
        owner = Customer.objects.get().people.get().user
    browser = sign_in(owner)
    answer = offered.register(browser, username="second")
    browser.get(offered.pay(answer["Location"], VISA))
    with as_worker():
        assert SignUp.objects.get(username="second").state == SignUp.State.COMPLETED


def test_whoever_waits_reads_how_long_and_not_why(offered: Walk) -> None:
    client = Client()
    signup = paid(offered, RISKY, client, email="ana@mailinator.com")
    page = text(client.get(f"/signup/progress/{signup.public_id}/"))
    assert "this takes up to one working day" in page
    mail.send_due(now=offered.now)
    assert [each.subject for each in outbox.outbox][-1] == "We are checking your order"
    told = page + str(outbox.outbox[-1].body)
    assert not any(word in told for word in ("risk", "disposable", "country is"))


def test_who_waits_keeps_the_username_and_the_form_leads_back(offered: Walk) -> None:
    client = Client()
    signup = paid(offered, VISA, client)
    assert offered.register(Client(), email="else@else.example").status_code == 422
    assert offered.register(client)["Location"] == f"/signup/progress/{signup.public_id}/"


def test_events_of_who_waits_are_not_dead_after_two_days_and_are_taken_once_released(offered: Walk) -> None:
    signup = paid(offered, VISA)
    for _ in range(16):
        offered.wait(hours=3)
        offered.take_events()
    with as_worker():
        assert not StripeEvent.objects.filter(state=StripeEvent.State.DEAD).exists()
        assert StripeEvent.objects.filter(state=StripeEvent.State.WAITING, object_kind="invoice").exists()
        assert not Invoice.objects.exists()
    decide(offered, "release", signup)
    jobs.sweep()
    offered.take_events()
    with as_worker():
        assert Invoice.objects.get().state == Invoice.State.PAID


def test_an_event_that_nothing_ever_claims_is_dead_after_a_week(offered: Walk) -> None:
    paid(offered, VISA)
    for _ in range(20):
        offered.wait(hours=9)
        offered.take_events()
    with as_worker():
        assert StripeEvent.objects.filter(state=StripeEvent.State.DEAD, object_kind="invoice").exists()


def test_released_it_is_completed_as_any_other(offered: Walk) -> None:
    client = Client()
    signup = paid(offered, VISA, client)
    offered.wait(hours=20)
    answer = decide(offered, "release", signup)
    assert "1 row done" in text(answer)
    jobs.sweep()
    assert again(signup).state == SignUp.State.COMPLETED
    assert offered.boot().state == Instance.State.RUNNING
    offered.take_events()
    offered.accrue()
    assert made() == (1, 1, 1)
    page = client.get(f"/signup/progress/{signup.public_id}/")
    assert page.context["password_form"] is not None


def test_refused_it_is_cancelled_and_refunded_and_the_username_is_free(offered: Walk) -> None:
    client = Client()
    signup = paid(offered, VISA, client)
    decide(offered, "refuse", signup, why="A stolen card.")
    jobs.sweep()
    assert again(signup).state == SignUp.State.REFUSED
    found = offered.stripe(f"/v1/subscriptions?status=all&customer={signup.stripe_customer_id}")["data"]
    invoices = offered.stripe(f"/v1/invoices?customer={signup.stripe_customer_id}")["data"]
    refunds = offered.stripe("/v1/refunds")["data"]
    assert [each["status"] for each in found] == ["canceled"]
    assert sum(each["amount"] for each in refunds) == sum(each["amount_paid"] for each in invoices) > 0
    page = text(client.get(f"/signup/progress/{signup.public_id}/"))
    assert "We cannot accept this order." in page
    assert "Begin again" not in page
    mail.send_due(now=offered.now)
    told = [each for each in outbox.outbox if "given back" in each.subject]
    assert [each.to for each in told] == [[signup.email]]
    assert "stolen" not in page + str(told[0].body)
    assert services.username_is_free(signup.username)
    assert made() == (0, 0, 0)


def test_events_of_what_was_refused_end_as_ignored(offered: Walk) -> None:
    signup = paid(offered, VISA)
    offered.take_events()
    decide(offered, "refuse", signup)
    jobs.sweep()
    offered.wait(minutes=5)
    offered.take_events()
    jobs.sweep()
    with as_worker():
        states = set(StripeEvent.objects.exclude(object_kind="").values_list("state", flat=True))
    assert states <= {StripeEvent.State.IGNORED, StripeEvent.State.DONE}


def test_staff_see_the_reasons_in_words_and_are_asked_why(offered: Walk) -> None:
    signup = paid(offered, RISKY)
    staff = sign_in(offered.staff("looks"))
    page = text(staff.get(f"{LIST}?state__exact=review"))
    assert "Stripe rates the payment&#x27;s risk as elevated; the card&#x27;s country is not the company&#x27;s" in page
    answer = decide(offered, "refuse", signup, why="")
    assert "Refuse these sign-ups" in text(answer)
    assert again(signup).state == SignUp.State.REVIEW
    empty = staff.post(LIST, {"action": "refuse", "_selected_action": [signup.pk], "why": " "})
    assert (empty.status_code, "Say why" in text(empty)) == (422, True)


@pytest.mark.parametrize("action", ["release", "refuse"])
def test_a_decision_is_made_once_and_recorded_with_its_reason(offered: Walk, action: str) -> None:
    signup = paid(offered, VISA)
    decide(offered, action, signup, why="We spoke.")
    other = "refuse" if action == "release" else "release"
    decide(offered, other, signup)
    with as_worker():
        entries = AuditEntry.objects.filter(verb__in=["signup.released", "signup.refused"])
        entry = entries.get()
    assert (entry.verb, entry.detail) == (f"signup.{action}d", {"why": "We spoke."})
    assert entry.actor.endswith("@openbravo.example")


def test_the_partner_sees_how_many_of_its_sign_ups_are_in_review(offered: Walk) -> None:
    paid(offered, VISA)
    with as_worker():
        owner = Partner.objects.get().members.get().user
    assert "1 in review" in text(sign_in(owner).get("/sign-up-pages/"))


def test_a_row_in_review_without_a_reason_is_refused_by_the_database(offered: Walk) -> None:
    from django.db import IntegrityError

    signup = paid(offered, VISA)
    with pytest.raises(IntegrityError, match="signup_review_has_reasons"), as_worker():
        SignUp.objects.filter(pk=signup.pk).update(doubts=[])
