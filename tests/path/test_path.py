"""The whole path, each arrow by the product's own services."""

from __future__ import annotations

from django.test import Client

from commissions.models import Commission
from customers.models import Customer, Invoice, InvoiceLine
from instances.models import Instance
from ondemand.money import divide
from ondemand.tenancy.context import as_worker
from payments.models import Payment
from tests.path.walk import PASSWORD, Walk


def test_a_named_user_becomes_commission_and_money(walk: Walk, client: Client) -> None:
    partner = walk.enrol()
    walk.offer()
    walk.open_bank_account(partner)
    instance = walk.customer_pays_a_month(client)
    assert instance.state == Instance.State.RUNNING
    with as_worker():
        users = InvoiceLine.objects.get(meter="users")
        assert (users.quantity, users.amount) == (10, 15000)  # twelve named users, two included, 15.00 each
    walk.accrue()
    with as_worker():
        earned = Commission.objects.get(line=users)
        assert (earned.amount, earned.rate) == (divide(15000 * 2000, 10_000), 2000)
    walk.wait(days=31)
    payment = walk.approve_payment()
    assert walk.send(payment) == Payment.State.PAID
    [transfer] = walk.stripe("/v1/transfers")["data"]
    with as_worker():
        payment.refresh_from_db()
    assert (transfer["id"], transfer["amount"]) == (payment.reference, payment.amount)


def test_totals_agree_with_stripe_to_the_cent(walk: Walk, client: Client) -> None:
    walk.enrol()
    walk.offer()
    walk.customer_pays_a_month(client)
    with as_worker():
        customer = Customer.objects.get()
        assert Invoice.objects.count() == 2
    invoices = walk.stripe(f"/v1/invoices?customer={customer.stripe_id}")["data"]
    assert customer.invoiced == sum(invoice["total"] for invoice in invoices)
    assert customer.paid == sum(invoice["amount_paid"] for invoice in invoices)


def test_the_customer_chooses_a_password_once_in_the_browser_that_signed_up(walk: Walk, client: Client) -> None:
    walk.enrol()
    walk.offer()
    signup = walk.sign_up(client)
    address = f"/signup/progress/{signup.public_id}/password/"
    assert Client().post(address, {"password": PASSWORD}).status_code == 302
    assert client.get("/account/").status_code == 302
    client.post(address, {"password": PASSWORD})
    assert client.get("/account/").status_code == 200
    client.post(address, {"password": "another-long-passphrase"})
    other = Client()
    other.post("/accounts/login/", {"login": "ana@central.example", "password": PASSWORD})
    assert other.get("/account/").status_code == 200


def test_the_progress_page_shows_the_boot_and_then_the_address(walk: Walk, client: Client) -> None:
    walk.enrol()
    walk.offer()
    signup = walk.sign_up(client)
    page = f"/signup/progress/{signup.public_id}/"
    assert "Your instance is being prepared" in client.get(page).content.decode()
    instance = walk.boot()
    shown = client.get(page).content.decode()
    assert "Your instance is running" in shown
    assert instance.address in shown
