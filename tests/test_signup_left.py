"""Sign-ups that are not finished: where they stopped, one reminder with the way back, and an end to both."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import Client

from ondemand import mail
from ondemand.tenancy.context import as_worker
from signup import tasks as jobs
from signup.models import SignUp, Step
from signup.services import leaving
from tests.path.conftest import park, standin, stripe_base, walk
from tests.path.walk import Walk

__all__ = ["park", "standin", "stripe_base", "walk"]

UNKNOWN = "3f2b6d3e-0000-4000-8000-000000000000"
SUBJECT = "Your registration is not finished"
LINK = re.compile(r"http://localhost:8000(/signup/resume/\S+)")


@pytest.fixture
def offered(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """The product's clock is Stripe's."""
    monkeypatch.setattr("ondemand.clock.now", lambda: walk.now)
    walk.enrol()
    walk.offer()
    return walk


def begun(offered: Walk, client: Client | None = None, **form: Any) -> str:
    """The card page's address."""
    return str(offered.register(client or Client(), **form)["Location"])


def the_signup() -> SignUp:
    with as_worker():
        return SignUp.objects.latest("pk")


def reminders(offered: Walk) -> list[Any]:
    jobs.sweep()
    mail.send_due(now=offered.now)
    return [each for each in outbox.outbox if each.subject == SUBJECT]


def link_of(offered: Walk) -> str:
    found = LINK.search(str(reminders(offered)[-1].body))
    assert found
    return found[1]


def test_one_reminder_comes_after_three_hours(offered: Walk) -> None:
    begun(offered)
    offered.wait(hours=2)
    assert reminders(offered) == []
    offered.wait(hours=2)
    assert [each.to for each in reminders(offered)] == [["ana@central.example"]]
    offered.wait(hours=4)
    assert len(reminders(offered)) == 1


def test_where_it_stopped_is_in_the_row(offered: Walk) -> None:
    page = begun(offered)
    offered.wait(hours=4)
    jobs.sweep()
    assert the_signup().step == Step.LEFT
    offered.standin.pay_page(page, "4000000000000002")
    offered.wait(hours=20)
    jobs.sweep()
    assert (the_signup().state, the_signup().step) == (SignUp.State.EXPIRED, Step.DECLINED)


def test_the_link_leads_back_to_the_card_in_any_browser_and_its_password_is_chosen_there(offered: Walk) -> None:
    first, second = Client(), Client()
    earlier = begun(offered, first)
    offered.wait(hours=4)
    link = link_of(offered)
    assert second.get(link).status_code == 200
    assert the_signup().attempt == 1
    answer = second.post(link, {"go": "on"})
    assert (answer.status_code, answer["Location"] != earlier) == (303, True)
    second.get(offered.pay(answer["Location"]))
    progress = f"/signup/progress/{the_signup().public_id}/"
    assert the_signup().state == SignUp.State.COMPLETED
    assert second.get(progress).context["password_form"] is not None
    assert first.get(progress).context["password_form"] is None
    assert second.get(link)["Location"] == progress


def test_going_on_by_the_link_keeps_when_the_terms_were_accepted(offered: Walk) -> None:
    begun(offered)
    accepted = the_signup().terms_accepted_at
    offered.wait(hours=4)
    Client().post(link_of(offered), {"go": "on"})
    assert the_signup().terms_accepted_at == accepted


def test_who_wants_none_is_not_reminded_again(offered: Walk, client: Client) -> None:
    begun(offered)
    offered.wait(hours=4)
    link = link_of(offered)
    assert "we will not remind you again" in client.post(link, {"stop": "yes"}, follow=True).content.decode()
    jobs.sweep()
    assert the_signup().state == SignUp.State.EXPIRED
    begun(offered, username="second")
    offered.wait(hours=4)
    assert len(reminders(offered)) == 1


@pytest.mark.parametrize(
    "token", ["x", "3f2b6d3e-0000-4000-8000-000000000000", "3f2b6d3e-0000-4000-8000-000000000000:x"]
)
def test_a_forged_link_is_404(offered: Walk, client: Client, token: str) -> None:
    assert client.get(f"/signup/resume/{token}/").status_code == 404
    assert leaving.signup_of(token) is None
