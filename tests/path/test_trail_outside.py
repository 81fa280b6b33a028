"""What is in the trail of deeds that ask Stripe or the server park: card, instances, a payment that fails."""

from __future__ import annotations

from django.test import Client

from customers.models import Customer
from ondemand.models import AuditEntry, User
from ondemand.tenancy.context import as_worker
from payments.models import Payment
from tests.factories import sign_in
from tests.path.walk import PASSWORD, Walk


def written(prefix: str) -> list[tuple[str, str]]:
    with as_worker():
        found = AuditEntry.objects.filter(verb__startswith=prefix).order_by("pk")
        return list(found.values_list("verb", "actor"))


def test_card_and_instances_of_an_account(walk: Walk, client: Client) -> None:
    walk.enrol()
    walk.offer()
    signup = walk.sign_up(client)
    client.post(f"/signup/progress/{signup.public_id}/password/", {"password": PASSWORD})
    instance = walk.boot()
    ana, owner = "ana@central.example", "owner@iberia.example"
    assert client.post("/account/card/").status_code == 302
    assert written("card.") == [("card.page_opened", ana)]
    opened = f"/account/instances/{instance.pk}/open/"
    assert client.post(opened).status_code == 200
    assert written("instance.opened") == [("instance.opened", ana)]
    for word in ("no", "yes"):
        client.post("/account/access/allow/", {"allow": word})
    assert written("login_as.") == [("login_as.refused", ana), ("login_as.allowed", ana)]
    helper = helping(owner)
    assert helper.post(opened).status_code == 200
    assert written("login_as.opened") == [("login_as.opened", owner)]


def helping(email: str) -> Client:
    """The member is in the customer's account."""
    with as_worker():
        user, customer = User.objects.get(email=email), Customer.objects.get()
        user.set_password(PASSWORD)
        user.save()
    browser = sign_in(user)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = browser.post(f"/customers/{customer.pk}/login/", {"reason": "The till prints nothing"})
    assert browser.post("/account/support/enter/", {"token": page.context["token"]}).status_code == 302
    return browser


def test_a_payment_that_stripe_refuses(walk: Walk, client: Client) -> None:
    partner = walk.enrol()
    walk.offer()
    walk.open_bank_account(partner)
    walk.customer_pays_a_month(client)
    walk.accrue()
    walk.wait(days=31)
    payment = walk.approve_payment()
    with as_worker():
        account = partner.bank_accounts.get().stripe_id
    walk.standin.v1.accounts.update(account, {"capabilities": {"transfers": {"requested": False}}})
    assert walk.send(payment) == Payment.State.FAILED
    assert written("payment.")[-1] == ("payment.failed", "platform")
