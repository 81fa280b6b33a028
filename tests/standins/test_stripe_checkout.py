"""The hosted pages, by plain HTTP."""

from __future__ import annotations

from typing import Any

import stripe

from tests.standins.stripe_process import DAY, Standin, ask
from tests.standins.stripe_shop import URLS, Shop


def open_session(shop: Shop, **more: Any) -> stripe.checkout.Session:
    lines = [{"price": shop.base, "quantity": 1}]
    given = {"mode": "subscription", "customer": shop.customer(card=""), "line_items": lines, **URLS}
    return shop.v1.checkout.sessions.create(given | more)  # type: ignore[arg-type]


def test_paying_leads_back_with_the_sessions_id_and_an_active_subscription(standin: Standin) -> None:
    shop = Shop(standin)
    session = open_session(shop, subscription_data={"metadata": {"sign_up": "7"}})
    reply = standin.pay_page(str(session.url))
    assert (reply.status, reply.headers["Location"]) == (303, f"https://shop.example/done?s={session.id}")
    done = standin.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice"]})
    assert (done.status, done.payment_status, done.amount_total) == ("complete", "paid", 9900)
    assert isinstance(done.subscription, stripe.Subscription) and done.subscription.metadata
    assert (done.subscription.status, done.subscription.metadata["sign_up"]) == ("active", "7")
    assert done.subscription.default_payment_method


def test_the_page_says_what_it_is_and_cannot_be_framed(standin: Standin) -> None:
    reply = ask(str(open_session(Shop(standin)).url))
    assert "stand-in for Stripe" in reply.text
    assert "€99.00" in reply.text
    assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Frame-Options"] == "DENY"
    for token in ("cc-number", "cc-exp", "cc-csc", "cc-name"):
        assert f'autocomplete="{token}"' in reply.text
    assert URLS["cancel_url"] in reply.text


def test_a_declined_card_is_said_and_the_name_kept_but_never_the_number(standin: Standin) -> None:
    session = open_session(Shop(standin))
    reply = standin.pay_page(str(session.url), number="4000000000000002", name='Ana "Gil" <b>')
    assert reply.status == 402
    assert "Your card was declined." in reply.text
    assert "Ana &quot;Gil&quot; &lt;b&gt;" in reply.text
    assert "4000000000000002" not in reply.text
    assert standin.v1.subscriptions.list({"status": "all"}).data == []
    assert standin.pay_page(str(session.url)).status == 303


def test_a_card_that_attaches_and_fails_leaves_the_session_open(standin: Standin) -> None:
    session = open_session(Shop(standin))
    assert standin.pay_page(str(session.url), number="4000000000000341").status == 402
    assert standin.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert standin.v1.subscriptions.list({"status": "all"}).data == []


def test_a_number_that_is_no_test_number_is_refused(standin: Standin) -> None:
    reply = standin.pay_page(str(open_session(Shop(standin)).url), number="4111 1111 1111 1111")
    assert (reply.status, "published test numbers" in reply.text) == (402, True)


def test_whatever_is_typed_is_answered_with_a_sentence(standin: Standin) -> None:
    session = open_session(Shop(standin), billing_address_collection="required")
    junk = ("", "\x00", "99/99", "1" * 5000, "<script>", "\u0661\u0662/34", "ñ")
    for name in ("number", "expiry", "cvc", "country", "name", "tax_id", "line1"):
        for value in junk:
            reply = standin.pay_page(str(session.url), **{"number": "4000000000000002", name: value})
            assert (reply.status, 'role="alert"' in reply.text) == (402, True), (name, value)
            assert "<script>" not in reply.text
    assert standin.submit(str(session.url)).status == 402


def test_a_second_submit_changes_nothing_and_the_back_button_says_so(standin: Standin) -> None:
    session = open_session(Shop(standin))
    assert standin.pay_page(str(session.url)).status == 303
    assert standin.pay_page(str(session.url)).status == 303
    assert len(standin.v1.subscriptions.list().data) == 1
    assert "This payment was completed" in ask(str(session.url)).text


def test_3d_secure_asks_and_failing_it_charges_nothing(standin: Standin) -> None:
    session = open_session(Shop(standin))
    url = str(session.url)
    assert standin.pay_page(url, number="4000002760003184").headers["Location"].endswith("?step=confirm")
    assert "Confirm the payment" in ask(f"{url}?step=confirm").text
    assert standin.submit(url, action="fail").status == 402
    assert standin.v1.charges.list().data == []
    standin.pay_page(url, number="4000002760003184")
    assert standin.submit(url, action="authenticate").status == 303
    assert standin.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_card_authenticated_at_set_up_renews_and_one_that_always_asks_does_not(standin: Standin) -> None:
    standin.begin(days_ago=90)
    shop = Shop(standin)
    for number, status in (("4000002500003155", "active"), ("4000002760003184", "past_due")):
        session = open_session(shop)
        standin.pay_page(str(session.url), number=number)
        standin.submit(str(session.url), action="authenticate")
        mine = str(standin.v1.checkout.sessions.retrieve(session.id).subscription)
        standin.advance(33 * DAY)
        assert standin.v1.subscriptions.retrieve(mine).status == status
    asked = standin.v1.events.list({"type": "invoice.payment_action_required"}).data
    assert asked
    invoice = standin.v1.invoices.list({"subscription": mine, "status": "open"}).data[0]
    url = str(invoice.hosted_invoice_url)
    assert standin.pay_page(url, number="4000002760003184").status == 402
    assert standin.pay_page(url, number="4000002760003184", confirmed="yes").status == 200
    assert standin.v1.invoices.retrieve(str(invoice.id)).status == "paid"
    assert standin.v1.subscriptions.retrieve(mine).status == "active"


def test_a_session_expires_by_itself(standin: Standin) -> None:
    standin.begin(days_ago=3)
    session = open_session(Shop(standin), expires_at=standin.now() + 1800)
    standin.advance(1801)
    assert standin.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert "expired" in ask(f"{standin.base}/c/pay/{session.id}").text
    assert standin.v1.events.list({"type": "checkout.session.expired"}).data


def test_an_anchor_makes_the_first_invoice_a_part_and_the_cycle_begin_there(standin: Standin) -> None:
    standin.begin(days_ago=60)
    shop, now = Shop(standin), standin.now()
    anchor = now + 10 * DAY
    session = open_session(
        shop, subscription_data={"billing_cycle_anchor": anchor, "proration_behavior": "create_prorations"}
    )
    standin.pay_page(str(session.url))
    mine = str(standin.v1.checkout.sessions.retrieve(session.id).subscription)
    first = standin.v1.invoices.list({"subscription": mine}).data[0]
    assert 3100 <= first.total <= 3600
    assert first.lines.data[0].period.end == anchor
    standin.advance(11 * DAY)
    renewal = standin.v1.invoices.list({"subscription": mine}).data[0]
    assert (renewal.total, renewal.created, renewal.lines.data[0].period.start) == (9900, anchor, anchor)


def test_an_anchor_beyond_a_month_is_refused(standin: Standin) -> None:
    shop = Shop(standin)
    try:
        open_session(shop, subscription_data={"billing_cycle_anchor": standin.now() + 40 * DAY})
    except stripe.InvalidRequestError as error:
        assert "next natural billing date" in str(error)
    else:
        raise AssertionError("not refused")


def test_address_name_and_tax_number_reach_the_customer(standin: Standin) -> None:
    shop = Shop(standin)
    session = open_session(
        shop,
        billing_address_collection="required",
        customer_update={"address": "auto", "name": "auto"},
        tax_id_collection={"enabled": True},
        automatic_tax={"enabled": True},
    )
    sent = {"line1": "Gran Via 1", "city": "Madrid", "postal_code": "28013", "country": "ES"}
    assert "Please enter the city." in standin.pay_page(str(session.url), **(sent | {"city": ""})).text
    standin.pay_page(str(session.url), business_name="Acme Foods SL", tax_id="ESB12345674", **sent)
    customer = standin.v1.customers.retrieve(str(session.customer), {"expand": ["tax_ids"]})
    assert (customer.name, customer.address and customer.address.city) == ("Acme Foods SL", "Madrid")
    assert customer.tax_ids and customer.tax_ids.data[0].value == "ESB12345674"
    invoice = standin.v1.invoices.list({"customer": customer.id}).data[0]
    assert invoice.customer_tax_ids and invoice.customer_tax_ids[0].value == "ESB12345674"


def test_a_promotion_code_lowers_the_first_invoice(standin: Standin) -> None:
    shop = Shop(standin)
    coupon = shop.v1.coupons.create({"percent_off": 50, "duration": "once"})
    shop.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"})
    session = open_session(shop, allow_promotion_codes=True)
    assert "not valid" in standin.submit(str(session.url), action="apply", promotion_code="NONE").text
    assert "€49.50" in standin.submit(str(session.url), action="apply", promotion_code="half").text
    standin.pay_page(str(session.url))
    assert standin.v1.checkout.sessions.retrieve(session.id).amount_total == 4950


def test_the_portal_changes_the_card(standin: Standin) -> None:
    shop = Shop(standin)
    owner = shop.customer()
    made = shop.v1.billing_portal.configurations.create({"features": {"payment_method_update": {"enabled": True}}})
    opened = shop.v1.billing_portal.sessions.create(
        {"customer": owner, "configuration": made.id, "return_url": "https://shop.example/account"}
    )
    assert "https://shop.example/account" in ask(opened.url).text
    assert "declined" in standin.pay_page(opened.url, number="4000000000000002").text
    assert "The card was saved." in standin.pay_page(opened.url, number="5555555555554444").text
    customer = standin.v1.customers.retrieve(owner)
    assert customer.invoice_settings
    method = standin.v1.payment_methods.retrieve(str(customer.invoice_settings.default_payment_method))
    assert method.card and method.card.last4 == "4444"


def test_an_invoice_has_a_page_and_a_pdf(standin: Standin) -> None:
    shop = Shop(standin)
    mine = shop.subscription(shop.customer())
    invoice = standin.v1.invoices.retrieve(str(mine.latest_invoice))
    assert "This invoice is paid." in ask(str(invoice.hosted_invoice_url)).text
    pdf = ask(str(invoice.invoice_pdf))
    assert (pdf.headers["Content-Type"], pdf.text[:5]) == ("application/pdf", "%PDF-")


def test_pages_that_do_not_exist_are_404(standin: Standin) -> None:
    for path in (
        "/c/pay/cs_none",
        "/p/session/none",
        "/i/none",
        "/i/none/pdf",
        "/setup/x",
        "/3ds/x",
        "/receipts/x",
        "/x",
    ):
        assert ask(standin.base + path).status == 404


def test_a_trial_is_charged_nothing_on_the_page(standin: Standin) -> None:
    shop = Shop(standin)
    given: Any = {"mode": "subscription", "line_items": [{"price": shop.base, "quantity": 1}], **URLS,
                  "customer": shop.customer(card=""), "subscription_data": {"trial_period_days": 14}}  # fmt: skip
    opened = shop.v1.checkout.sessions.create(given)
    assert (opened.amount_total, standin.pay_page(str(opened.url)).status) == (0, 303)
    done = shop.v1.checkout.sessions.retrieve(opened.id, {"expand": ["subscription"]})
    assert (done.payment_status, done.subscription.status) == ("no_payment_required", "trialing")  # type: ignore[union-attr]
