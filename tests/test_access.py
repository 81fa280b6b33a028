"""What changes a person's own access is mailed to them; sessions, address and factors are in their hands alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.test import Client

from ondemand import clock
from ondemand.models import AuditEntry, Mail, User
from ondemand.settings import ONDEMAND_URL
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from tests import factories
from tests.factories import PASSWORD, Cast, sign_in
from tests.walls.test_accounts import code

LOGIN, SESSIONS, KEYS = "/accounts/login/", "/accounts/sessions/", "/accounts/2fa/webauthn/keys/"
NEW, ANOTHER = "a-good-long-passphrase", "owner@new.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0"
)


@pytest.fixture
def cast(db: None) -> Cast:
    cache.clear()
    return factories.make_cast(now=clock.now())


@pytest.fixture
def owner(cast: Cast) -> User:
    return cast.iberia.owner


def by_form(user: User, password: str = PASSWORD, agent: str = FIREFOX) -> Client:
    client = Client(headers={"user-agent": agent})
    client.post(LOGIN, {"login": user.email, "password": password})
    return client


def reauthenticated(user: User) -> Client:
    client = by_form(user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/dashboard/").status_code == 200


def trail(cast: Cast) -> list[str]:
    """What partner iberia's owner would read of access."""
    with as_worker():
        entries = AuditEntry.objects.filter(partner_id=cast.iberia.partner.pk, verb__startswith="account.")
        return [verb.removeprefix("account.") for verb in entries.order_by("pk").values_list("verb", flat=True)]


def mails(to: str) -> list[Mail]:
    with as_worker():
        return list(Mail.objects.filter(recipient=to).order_by("pk"))


def link_in(mail: Mail) -> str:
    found = re.search(rf"{ONDEMAND_URL}(\S+)", mail.text)
    assert found, mail.text
    return found[1]


def give(user: User, kind: str) -> Authenticator:
    with tenant(Scope(Role.AUTH)):
        if kind == "totp":
            return TOTP.activate(user, generate_totp_secret()).instance
        if kind == "recovery_codes":
            return RecoveryCodes.activate(user).instance
        return Authenticator.objects.create(user=user, type=kind, data={"name": "Laptop", "credential": {}})


def test_a_changed_password_is_mailed_in_ones_language_and_ends_the_other_sessions(cast: Cast, owner: User) -> None:
    with as_worker():
        User.objects.filter(pk=owner.pk).update(language="es")
    here, there = by_form(owner), by_form(owner)
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post("/accounts/password/change/", form).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert "password_changed" in trail(cast)
    [mail] = mails(owner.email)
    assert '<html lang="es">' in mail.html


def test_a_forgotten_password_is_chosen_anew_by_a_mailed_link_that_works_once(cast: Cast, owner: User) -> None:
    Client().post("/accounts/password/reset/", {"email": owner.email})
    link, client = link_in(mails(owner.email)[0]), Client()
    place = client.get(link)["Location"]
    client.post(place, {"password1": NEW, "password2": NEW})
    assert (is_in(by_form(owner, NEW)), is_in(by_form(owner))) == (True, False)
    assert "changed" in mails(owner.email)[-1].text
    assert Client().get(link).status_code == 200  # a sentence, no form
    assert "password1" not in Client().get(link).content.decode()


def test_asking_for_a_password_tells_nobody_who_has_an_account(cast: Cast, owner: User) -> None:
    def seen(email: str) -> tuple[int, str]:
        answer = Client().post("/accounts/password/reset/", {"email": email}, follow=True)
        return answer.status_code, re.sub(r'csrfmiddlewaretoken" value="\w+', "", answer.content.decode())

    assert seen(owner.email) == seen("nobody@x.example")
    assert (len(mails(owner.email)), len(mails("nobody@x.example"))) == (1, 0)


def test_a_new_address_counts_once_it_is_confirmed_and_the_old_one_is_told(cast: Cast, owner: User) -> None:
    before, username = owner.email, owner.username
    client = reauthenticated(owner)
    client.post("/accounts/email/", {"email": ANOTHER, "action_add": ""})
    with as_worker():
        assert User.objects.get(pk=owner.pk).email == before
    client.post(link_in(mails(ANOTHER)[0]))
    with as_worker():
        changed = User.objects.get(pk=owner.pk)
        kept = list(EmailAddress.objects.filter(user=owner).values_list("email", "primary", "verified"))
    assert (changed.email, changed.username, kept) == (ANOTHER, username, [(ANOTHER, True, True)])
    assert "sign in with the new one" in mails(before)[-1].text
    assert "email_changed" in trail(cast)
    assert (is_in(by_form(changed)), is_in(by_form(owner))) == (True, False)


def test_an_address_is_changed_only_after_the_password_again(owner: User) -> None:
    answer = by_form(owner).post("/accounts/email/", {"email": ANOTHER, "action_add": ""})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert mails(ANOTHER) == []


def test_who_has_a_second_factor_may_change_the_address_too(owner: User) -> None:
    client = reauthenticated(owner)
    give(owner, "totp")
    client.post("/accounts/email/", {"email": ANOTHER, "action_add": ""})
    assert len(mails(ANOTHER)) == 1


def test_an_address_that_another_account_took_meanwhile_is_refused_in_words(owner: User) -> None:
    client = reauthenticated(owner)
    client.post("/accounts/email/", {"email": ANOTHER, "action_add": ""})
    with as_worker():
        User.objects.create(username="u-taken", email=ANOTHER.upper())
    text = client.post(link_in(mails(ANOTHER)[0]), follow=True).content.decode()
    assert "Another account has this address by now" in text
    with as_worker():
        assert User.objects.get(pk=owner.pk).email == owner.email


def test_each_change_of_factors_is_mailed_once(fresh_database: str) -> None:
    """With a real commit: allauth has work to do after it."""
    cast = factories.make_cast(now=clock.now())
    client = reauthenticated(cast.iberia.owner)
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    assert client.post("/accounts/2fa/totp/activate/", {"code": code(secret)}).status_code == 302
    assert client.post("/accounts/2fa/recovery-codes/generate/").status_code == 302
    assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
    sentences = ["factor was added", "New recovery codes", "factor was removed"]
    told = [mail.text for mail in mails(cast.iberia.owner.email)]
    assert [sentence in text for sentence, text in zip(sentences, told, strict=True)] == [True] * 3
    assert {"factor_added", "factor_renewed", "factor_removed"} <= set(trail(cast))


@pytest.mark.parametrize("kind", ["totp", "webauthn"])
def test_the_last_factor_stays_where_the_role_needs_one(cast: Cast, owner: User, kind: str, settings: Any) -> None:
    client, factor = reauthenticated(owner), give(owner, kind)
    settings.SECOND_FACTOR_REQUIRED = True
    path = "/accounts/2fa/totp/deactivate/" if kind == "totp" else f"{KEYS}{factor.pk}/remove/"
    answers = [client.get(path, follow=True), client.post(path, follow=True)]
    assert all("this is your last one" in answer.content.decode() for answer in answers)
    with as_worker():
        assert Authenticator.objects.filter(user=owner, type=kind).exists()


@pytest.mark.parametrize("kind", ["totp", "webauthn"])
def test_one_of_two_factors_may_go(cast: Cast, owner: User, kind: str, settings: Any) -> None:
    client, factor = reauthenticated(owner), give(owner, kind)
    give(owner, "webauthn")
    settings.SECOND_FACTOR_REQUIRED = True
    client.post("/accounts/2fa/totp/deactivate/" if kind == "totp" else f"{KEYS}{factor.pk}/remove/")
    with as_worker():
        assert not Authenticator.objects.filter(pk=factor.pk).exists()


def test_who_needs_none_may_take_the_last_one_away(cast: Cast, settings: Any) -> None:
    user = cast.iberia.support
    client, factor = reauthenticated(user), give(user, "webauthn")
    settings.SECOND_FACTOR_REQUIRED = True
    client.post(f"{KEYS}{factor.pk}/remove/")
    with as_worker():
        assert not Authenticator.objects.filter(pk=factor.pk).exists()


@pytest.mark.parametrize("path", ["", "generate/", "download/"])
def test_recovery_codes_are_seen_and_renewed_only_after_the_password_again(owner: User, path: str) -> None:
    factor = give(owner, "recovery_codes")
    give(owner, "webauthn")
    client, place = sign_in(owner), f"/accounts/2fa/recovery-codes/{path}"
    assert client.get(place)["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/2fa/recovery-codes/generate/")
    with as_worker():
        assert Authenticator.objects.filter(pk=factor.pk).exists()


def test_staff_take_a_lost_factor_away_and_the_person_is_mailed(cast: Cast, owner: User) -> None:
    factor, staff = give(owner, "totp"), sign_in(cast.staff)
    page = staff.get(f"/admin/mfa/authenticator/{factor.pk}/change/").content.decode()
    assert "secret" not in page
    staff.post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"})
    with as_worker():
        assert AuditEntry.objects.get(verb="staff.deleted").actor == cast.staff.email
    assert "removed" in mails(owner.email)[-1].text


def test_staff_do_not_read_in_the_mail_log_by_which_links_passwords_are_chosen(cast: Cast, owner: User) -> None:
    Client().post("/accounts/password/reset/", {"email": owner.email})
    [mail] = mails(owner.email)
    page = sign_in(cast.staff).get(f"/admin/ondemand/mail/{mail.pk}/change/").content.decode()
    assert mail.subject in page
    assert "/accounts/password/reset/key/" not in page


def test_ones_sessions_are_listed_by_browser_and_ended_one_by_one(owner: User) -> None:
    here, there = by_form(owner), by_form(owner, agent=EDGE)
    page = here.get(SESSIONS).content.decode()
    assert "Firefox · Linux" in page
    assert "Edge · Windows" in page
    [end] = re.findall(r'action="(/accounts/sessions/\d+/end/)"', page)
    here.post(end)
    assert (is_in(here), is_in(there)) == (True, False)


def test_all_others_are_ended_at_once(owner: User) -> None:
    here, *others = (by_form(owner) for _ in range(3))
    here.post(SESSIONS)
    assert [is_in(client) for client in (here, *others)] == [True, False, False]


def test_anothers_session_is_404_and_goes_on(cast: Cast, owner: User) -> None:
    theirs = by_form(cast.nordic.owner)
    mine = by_form(owner)
    [end] = re.findall(r"/accounts/sessions/\d+/end/", by_form(cast.nordic.owner).get(SESSIONS).content.decode())
    assert mine.post(end).status_code == 404
    assert is_in(theirs)
