"""Keys, versions, errors, idempotency, pages, expansion, faults."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.standins.stripe_process import Standin, ask
from tests.standins.stripe_shop import Shop


def test_a_live_key_is_refused(standin: Standin) -> None:
    status, body, _ = standin.raw("GET", "/v1/customers", Authorization="Bearer sk_live_abc")
    assert status == 401
    assert body["error"]["message"].startswith("Invalid API Key provided: sk_live_")


def test_every_key_opens_an_account_of_its_own(standin: Standin) -> None:
    made = standin.v1.customers.create({"email": "a@b.example"})
    other = Standin(standin.base)
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        other.v1.customers.retrieve(made.id)


def test_another_version_is_refused(standin: Standin) -> None:
    status, body, _ = standin.raw("GET", "/v1/customers", Stripe_Version="2020-08-27")
    assert (status, "Invalid Stripe API version" in body["error"]["message"]) == (400, True)


def test_an_unknown_path_is_stripes_404(standin: Standin) -> None:
    status, body, _ = standin.raw("GET", "/v1/unicorns")
    assert status == 404
    assert body["error"]["message"].startswith("Unrecognized request URL (GET: /v1/unicorns)")


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ("emial=a", "parameter_unknown", "emial"),
        ("address[town]=a", "parameter_unknown", "address[town]"),
        ("address=a", None, "address"),
        ("name=", "parameter_invalid_empty", "name"),
        ("tax_exempt=maybe", None, "tax_exempt"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(standin: Standin, form: str, code: str | None, param: str) -> None:
    status, body, _ = standin.raw("POST", "/v1/customers", form)
    assert (status, body["error"].get("code"), body["error"]["param"]) == (400, code, param)


def test_what_stripe_has_and_the_stand_in_has_not_is_501(standin: Standin) -> None:
    status, body, _ = standin.raw("GET", "/v1/quotes")
    assert (status, body["error"]["message"]) == (501, "The stand-in does not implement GET /v1/quotes.")
    status, body, _ = standin.raw("POST", "/v1/customers", "cash_balance[settings][reconciliation_mode]=manual")
    assert status == 501
    assert "cash_balance" in body["error"]["message"]


def test_an_idempotency_key_repeats_its_answer(standin: Standin) -> None:
    first = standin.raw("POST", "/v1/customers", "email=a@b.example", Idempotency_Key="one")
    again = standin.raw("POST", "/v1/customers", "email=a@b.example", Idempotency_Key="one")
    assert first[1] == again[1]
    assert again[2]["Idempotent-Replayed"] == "true"
    assert again[2]["Original-Request"] == first[2]["Request-Id"]
    assert len(standin.v1.customers.list().data) == 1


def test_an_idempotency_key_repeats_an_error_that_was_stored(standin: Standin) -> None:
    form = "amount=100&currency=eur&payment_method=pm_card_chargeCustomerFail&confirm=true"
    first = standin.raw("POST", "/v1/payment_intents", form, Idempotency_Key="two")
    again = standin.raw("POST", "/v1/payment_intents", form, Idempotency_Key="two")
    assert (first[0], first[1]) == (402, again[1])
    assert len(standin.v1.charges.list().data) == 1


def test_an_idempotency_key_with_another_body_is_refused(standin: Standin) -> None:
    standin.raw("POST", "/v1/customers", "email=a@b.example", Idempotency_Key="three")
    status, body, _ = standin.raw("POST", "/v1/customers", "email=c@b.example", Idempotency_Key="three")
    assert (status, body["error"]["type"]) == (400, "idempotency_error")


def test_two_requests_at_once_with_one_idempotency_key_are_one(standin: Standin) -> None:
    standin.control("faults", {"match": "POST /v1/customers", "fault": "slow_after", "seconds": 0.5})
    with ThreadPoolExecutor(2) as pool:
        given = ("POST", "/v1/customers", "name=a")
        both = [pool.submit(standin.raw, *given, Idempotency_Key="both") for _ in range(2)]
        first, second = sorted((each.result() for each in both), key=lambda reply: reply[0])
    assert (first[0], second[0]) == (200, 409)
    assert (second[1]["error"]["type"], second[1]["error"]["code"]) == ("idempotency_error", "idempotency_key_in_use")
    assert standin.raw(*given, Idempotency_Key="both")[1]["id"] == first[1]["id"]
    assert len(standin.v1.customers.list().data) == 1


def test_an_error_leads_to_its_page_and_its_log(standin: Standin) -> None:
    _, body, headers = standin.raw("GET", "/v1/customers/cus_none")
    assert body["error"]["doc_url"] == "https://stripe.com/docs/error-codes/resource-missing"
    assert body["error"]["request_log_url"].endswith(headers["Request-Id"])


def test_a_deleted_customer_is_still_found_as_deleted(standin: Standin) -> None:
    shop = Shop(standin)
    mine = shop.subscription(shop.customer(), collection_method="send_invoice", days_until_due=5)
    assert shop.v1.customers.delete(str(mine.customer)).deleted
    assert shop.v1.customers.retrieve(str(mine.customer)).deleted
    assert str(mine.customer) not in [each.id for each in shop.v1.customers.list().data]
    assert shop.v1.subscriptions.retrieve(mine.id).status == "canceled"
    expanded = shop.v1.invoices.retrieve(str(mine.latest_invoice), {"expand": ["customer"]}).customer
    assert expanded and expanded.deleted  # type: ignore[union-attr]
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        shop.v1.customers.update(str(mine.customer), {"name": "B"})


def test_a_refused_parameter_stores_nothing_under_its_key(standin: Standin) -> None:
    assert standin.raw("POST", "/v1/customers", "emial=x", Idempotency_Key="four")[0] == 400
    assert standin.raw("POST", "/v1/customers", "email=a@b.example", Idempotency_Key="four")[0] == 200


def test_a_key_is_forgotten_after_a_day(standin: Standin) -> None:
    standin.begin(days_ago=3)
    first = standin.raw("POST", "/v1/customers", "name=a", Idempotency_Key="five")[1]
    standin.advance(2 * 86400)
    assert standin.raw("POST", "/v1/customers", "name=a", Idempotency_Key="five")[1]["id"] != first["id"]


def test_a_list_is_paged_newest_first_both_ways(standin: Standin) -> None:
    ids = [standin.v1.customers.create({"name": str(n)}).id for n in range(5)][::-1]
    page = standin.v1.customers.list({"limit": 2})
    assert ([each.id for each in page.data], page.has_more) == (ids[:2], True)
    page = standin.v1.customers.list({"limit": 2, "starting_after": ids[1]})
    assert [each.id for each in page.data] == ids[2:4]
    page = standin.v1.customers.list({"limit": 2, "ending_before": ids[4]})
    assert ([each.id for each in page.data], page.has_more) == (ids[2:4], True)
    assert [each.id for each in standin.v1.customers.list({"limit": 2}).auto_paging_iter()] == ids


def test_a_list_is_filtered_by_created(standin: Standin) -> None:
    standin.begin(days_ago=3)
    old = standin.v1.customers.create({"name": "old"})
    standin.advance(86400)
    new = standin.v1.customers.create({"name": "new"})
    assert [c.id for c in standin.v1.customers.list({"created": {"gt": old.created}}).data] == [new.id]


def test_an_unknown_expansion_is_refused(standin: Standin) -> None:
    made = standin.v1.customers.create({"name": "a"})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        standin.v1.customers.retrieve(made.id, {"expand": ["email"]})


def test_bytes_that_are_no_form_are_not_a_500(standin: Standin) -> None:
    for body in ("[]=1", "=&=", "a[b]=1&a=2", "%ff%fe=1", "a[0][b]=1&a[x]=2", "email[]=1"):
        assert standin.raw("POST", "/v1/customers", body)[0] == 400, body


@pytest.mark.parametrize(
    "form",
    [
        "amount=9999999999999999999999&currency=eur",
        "amount=1e3&currency=eur",
        "amount=100&currency=eur&description=" + "x" * 5001,
        "amount=100&currency=eur&metadata[" + "k" * 41 + "]=x",
        "amount=-100&currency=eur",
        "amount=99999999999&currency=eur",
    ],
)
def test_what_is_out_of_bounds_is_refused(standin: Standin, form: str) -> None:
    assert standin.raw("POST", "/v1/payment_intents", form)[0] == 400


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"advance_to": "x"}', '{"fault": "slow", "times": "x"}', '{"advance_to": -1}']
)
def test_a_wrong_switch_is_refused(standin: Standin, body: str) -> None:
    for path in ("clock", "faults", "disputes"):
        reply = ask(f"{standin.base}/_standin/{path}", body.encode(), {"Authorization": f"Bearer {standin.key}"})
        assert reply.status in (400, 404), (path, reply)


@pytest.mark.parametrize(("fault", "status"), [("402", 402), ("429", 429), ("500", 500)])
def test_a_fault_meets_the_next_request_alone(standin: Standin, fault: str, status: int) -> None:
    standin.control("faults", {"match": "POST /v1/customers", "fault": fault})
    assert standin.raw("POST", "/v1/customers", "name=a", Idempotency_Key="x")[0] == status
    assert standin.raw("POST", "/v1/customers", "name=a", Idempotency_Key="x")[0] == 200
    assert len(standin.v1.customers.list().data) == 1


@pytest.mark.parametrize(("fault", "done"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_time_out_says_nothing_about_what_was_done(standin: Standin, fault: str, done: int) -> None:
    standin.control("faults", {"match": "POST /v1/customers", "fault": fault, "seconds": 0})
    with pytest.raises((OSError, ConnectionError)):
        standin.raw("POST", "/v1/customers", "name=a", Idempotency_Key="y")
    assert len(standin.v1.customers.list().data) == done
    standin.raw("POST", "/v1/customers", "name=a", Idempotency_Key="y")
    assert len(standin.v1.customers.list().data) == 1


def test_the_clock_snaps_to_real_time(standin: Standin) -> None:
    assert abs(standin.begin(days_ago=30) - (time.time() - 30 * 86400)) < 5
    answer = standin.control("clock", {"advance_to": int(time.time()) + 10**6})
    assert abs(answer["now"] - answer["real"]) <= 1


def test_the_clock_goes_back_only_before_there_is_anything(standin: Standin) -> None:
    Shop(standin)
    body = json.dumps({"advance_to": int(time.time()) - 86400}).encode()
    reply = ask(f"{standin.base}/_standin/clock", body, {"Authorization": f"Bearer {standin.key}"})
    assert reply.status == 400


def test_what_stripe_lacks_is_its_404_whatever_the_verb(standin: Standin) -> None:
    for verb in ("PUT", "PATCH"):
        assert standin.raw(verb, "/v1/customers")[0] == 404


def test_metadata_is_merged_and_unset_by_nothing(standin: Standin) -> None:
    path = f"/v1/customers/{standin.raw('POST', '/v1/customers', 'metadata[a]=1&metadata[b]=2')[1]['id']}"
    assert standin.raw("POST", path, "metadata[a]=&metadata[c]=3")[1]["metadata"] == {"b": "2", "c": "3"}
    assert standin.raw("POST", path, "metadata=")[1]["metadata"] == {}


@pytest.mark.parametrize(
    "form",
    ["limit=0", "limit=101", "limit=x", "starting_after=cus_none", "starting_after=cus_a&ending_before=cus_b",
     "created[gte]=x", "expand[]=a.b.c.d.e", "expand[]=email"],
)  # fmt: skip
def test_a_list_refuses_what_it_cannot_show(standin: Standin, form: str) -> None:
    assert standin.raw("GET", f"/v1/customers?{form}")[0] == 400


def test_a_currency_that_is_none_is_refused(standin: Standin) -> None:
    status, body, _ = standin.raw("POST", "/v1/payment_intents", "amount=500&currency=xyz")
    assert (status, body["error"]["param"]) == (400, "currency")
    assert body["error"]["message"].startswith("Invalid currency: xyz. Stripe currently supports")


def test_events_are_listed_by_a_group_of_types(standin: Standin) -> None:
    standin.v1.customers.create({"name": "a"})
    standin.v1.products.create({"name": "b"})
    assert [event.type for event in standin.v1.events.list({"type": "customer.*"}).data] == ["customer.created"]


def test_a_customers_card_cannot_pay_without_the_customer(standin: Standin) -> None:
    owner = Shop(standin).customer()
    card = standin.v1.customers.payment_methods.list(owner).data[0].id
    form = f"amount=500&currency=eur&confirm=true&payment_method={card}"
    status, body, _ = standin.raw("POST", "/v1/payment_intents", form)
    assert (status, body["error"]["param"]) == (400, "payment_method")
    assert standin.raw("POST", "/v1/payment_intents", f"{form}&customer={owner}")[0] == 200
