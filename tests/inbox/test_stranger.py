"""A zone in life, changed by a stranger at Stripe: the pages follow; without webhooks one command brings them right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from customers.models import Customer, Subscription
from ondemand import clock
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from partners.models import Plan
from tests import factories
from tests.browser.zone import Zone, running_zone
from tests.conftest import in_ci
from tests.stranger import __main__ as stranger
from tests.stranger.agreeing import disagreements
from tests.stranger.changing import change
from tests.stranger.portal import PASSWORD, zones

pytestmark = in_ci
PAYING = 4


@pytest.fixture
def zone(fresh_database: str, tmp_path: Path) -> Iterator[Zone]:
    with running_zone(tmp_path, fresh_database) as started:
        yield started


@pytest.fixture
def env(zone: Zone) -> Path:
    """What the demo would write for a stranger; in the zone some customers pay."""
    cast = factories.make_cast(now=clock.now())
    v1: Any = zone.standin.v1
    price = v1.prices.create(
        {
            "product_data": {"name": "OBPS"},
            "currency": "eur",
            "unit_amount": 4900,
            "recurring": {"interval": "month"},
        }
    ).id
    with as_worker():
        Plan.objects.update(stripe_base_price=price)
        for user in User.objects.filter(email__startswith="owner@"):
            user.set_password(PASSWORD)
            user.save()
    for _ in range(PAYING):
        _pays(zone, factories.make_customer(house=cast.iberia, plan=cast.plan, now=clock.now()), price)
    file = zone.folder / "env"
    settings = {
        "ONDEMAND_EU_URL": zone.url,
        "STRIPE_API_BASE": zone.standin.base,
        "STRIPE_EU_SECRET_KEY": zone.standin.key,
    }
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return file


def _pays(zone: Zone, customer: Customer, price: str) -> None:
    v1: Any = zone.standin.v1
    made = v1.customers.create(
        {
            "email": customer.contact_email,
            "name": customer.name,
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
    ).id
    with as_worker():
        Customer.objects.filter(pk=customer.pk).update(stripe_id=made)
    subscription = v1.subscriptions.create({"customer": made, "items": [{"price": price}]}).id
    with as_worker():
        Subscription.objects.filter(customer=customer).update(stripe_id=subscription)
    factories.make_instance(customer=customer, now=clock.now())


def test_what_a_stranger_changes_at_stripe_is_on_the_pages_within_seconds(env: Path) -> None:
    assert stranger.change_and_wait(env) == 0


def test_without_a_webhook_the_command_alone_brings_everything_right(env: Path, zone: Zone) -> None:
    [stripes] = zones(env)
    for endpoint in stripes.stripe.v1.webhook_endpoints.list().data:
        stripes.stripe.v1.webhook_endpoints.delete(endpoint.id)
    change(stripes)
    assert disagreements(stripes) != []
    zone.manage("reconcile_stripe", "--all")
    assert disagreements(stripes) == []
    assert zone.manage("reconcile_stripe", "--all").count("none differed") == 3
