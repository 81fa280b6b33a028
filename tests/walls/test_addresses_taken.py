"""Somebody signs up with an address that is not theirs, and waits until it is given power: they get none."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from ondemand import clock
from ondemand.accounts import person, set_password_url
from ondemand.models import Mail, User
from ondemand.tenancy.context import as_worker
from partners.models import Member
from partners.services import Enrolment, enrol_partner
from tests import factories
from tests.factories import Cast, sign_in

pytestmark = pytest.mark.django_db
VICTIM, OWN, PASSWORD = "carmen@aegean.example", "intruder@else.example", "a-good-long-passphrase"
ENROLMENT = Enrolment(code="aegean", name="Aegean", country="GR", owner_email=VICTIM, owner_name="Carmen")


@pytest.fixture
def taken(db: None) -> User:
    """As a sign-up makes it; the intruder chose the password, and an address of their own beside."""
    with as_worker():
        user, _ = person(email=VICTIM, username="carmen", name="Carmen", proven=False)
        user.set_password(PASSWORD)
        user.save()
        EmailAddress.objects.create(user=user, email=OWN, verified=True)
    return user


def enrol() -> None:
    with as_worker():
        enrol_partner(ENROLMENT, both=False, now=clock.now())


def addresses_of(user: User) -> list[tuple[str, bool]]:
    with as_worker():
        return list(EmailAddress.objects.filter(user=user).order_by("pk").values_list("email", "verified"))


def way_in(user: User, password: str = PASSWORD) -> str:
    """By the form; where it leads to, empty where it does not."""
    answer = Client().post("/accounts/login/", {"login": user.email, "password": password})
    return answer.headers.get("Location", "")


def choose_by_mail(user: User, password: str) -> None:
    with as_worker():
        path = urlsplit(set_password_url(User.objects.get(pk=user.pk))).path
    browser = Client()
    form = browser.get(path).headers["Location"]
    assert browser.post(form, {"password1": password, "password2": password}).status_code == 302


def test_a_partners_new_owner_is_who_reads_the_mail(taken: User) -> None:
    intruder = sign_in(taken)
    assert way_in(taken)
    enrol()
    assert intruder.get("/dashboard/")["Location"].startswith("/accounts/login/")
    assert way_in(taken) == ""
    assert addresses_of(taken) == [(VICTIM, True)]
    choose_by_mail(taken, "another-good-passphrase")
    assert way_in(taken, "another-good-passphrase") == "/"


def test_whose_address_is_known_to_be_theirs_keeps_the_password(taken: User) -> None:
    with as_worker():
        EmailAddress.objects.filter(user=taken).update(verified=True)
    enrol()
    assert way_in(taken) == "/"


def test_new_staff_are_who_reads_the_mail(taken: User) -> None:
    cast = factories.make_cast(now=clock.now())
    browser = sign_in(cast.staff)
    page = browser.get(f"/admin/ondemand/user/{taken.pk}/change/")
    form: dict[str, Any] = {name: value for name, value in page.context["adminform"].form.initial.items() if value}
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "10:00", "is_staff": "on"}
    answer = browser.post(f"/admin/ondemand/user/{taken.pk}/change/", form | joined)
    assert answer.status_code == 302, answer.content.decode()
    assert way_in(taken) == ""


def test_a_member_added_by_staff_is_who_reads_the_mail(taken: User) -> None:
    cast = factories.make_cast(now=clock.now())
    add_member(cast, taken)
    assert way_in(taken) == ""


def add_member(cast: Cast, user: User) -> None:
    browser, url = sign_in(cast.staff), f"/admin/partners/partner/{cast.iberia.partner.pk}/change/"
    with as_worker():
        seats = list(Member.objects.filter(partner=cast.iberia.partner).order_by("pk").values())
    form = {"name": "Iberia", "country": "ES", "members-TOTAL_FORMS": len(seats) + 1}
    form |= {"members-INITIAL_FORMS": len(seats)}
    for number, seat in enumerate([*seats, {"id": "", "user_id": user.pk, "role": "finance"}]):
        fields = {"id": seat["id"], "partner": cast.iberia.partner.pk, "user": seat["user_id"], "role": seat["role"]}
        form |= {f"members-{number}-{name}": value for name, value in fields.items()} | {
            f"members-{number}-active": "on"
        }
    answer = browser.post(url, form)
    assert answer.status_code == 302, answer.content.decode()


def test_a_mailed_link_shows_whose_the_address_is(taken: User) -> None:
    with as_worker():
        EmailAddress.objects.filter(email=OWN).delete()
    choose_by_mail(taken, PASSWORD)
    assert addresses_of(taken) == [(VICTIM, True)]


def test_a_link_to_one_of_two_addresses_shows_nothing(taken: User) -> None:
    choose_by_mail(taken, PASSWORD)
    assert addresses_of(taken) == [(VICTIM, False), (OWN, True)]


def test_nobody_hangs_a_factor_on_an_address_that_is_not_theirs(taken: User) -> None:
    browser = sign_in(taken)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert browser.get("/accounts/2fa/totp/activate/").status_code == 302
    with as_worker():
        assert not Authenticator.objects.filter(user=taken).exists()


def test_who_accepts_an_invitation_keeps_no_way_in_for_others(taken: User) -> None:
    owner = factories.make_cast(now=clock.now()).iberia.owner
    sign_in(owner).post("/team/", {"email": VICTIM, "role": "finance"})
    answer = sign_in(taken).post(mailed_to(VICTIM))
    assert (answer.status_code, answer["Location"]) == (302, "/dashboard/")
    assert addresses_of(taken) == [(VICTIM, True)]


def mailed_to(address: str) -> str:
    """The path of the link in the last mail."""
    with as_worker():
        text = Mail.objects.filter(recipient=address).latest("pk").text
    return next(urlsplit(word).path for word in text.split() if "/accounts/join/" in word)


def test_staff_read_no_link_in_the_mail_log() -> None:
    staff = factories.make_cast(now=clock.now()).staff
    enrol()
    with as_worker():
        mail = Mail.objects.get(recipient=VICTIM)
    link = next(word for word in mail.text.split() if "/accounts/" in word)
    page = sign_in(staff).get(f"/admin/ondemand/mail/{mail.pk}/change/").content.decode()
    assert "/accounts/password/…" in page
    assert urlsplit(link).path.split("/")[-2] not in page
