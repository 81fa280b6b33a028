"""The path from enrolment to a partner's money, walked with the product's own services on real stand-ins."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client

from commissions.services.accrual import accrue
from customers import sync
from instances.models import Instance, UsageCycle
from instances.provisioners.local import LocalPark
from instances.services import boots, heartbeats, plans, usage
from ondemand import clock, inbox
from ondemand.models import User
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners.models import Partner
from partners.services import (
    Enrolment,
    PlanOffer,
    add_product,
    enrol_partner,
    open_bank_account,
    sync_bank_account,
    sync_catalogue,
)
from payments.models import Payment
from payments.services import preparing, sending
from signup import services as signups
from signup.models import SignUp
from tests.standins.park import Park
from tests.standins.stripe_process import Standin

MACHINE, STAFF = Scope(Role.MACHINE), Scope(Role.STAFF)
PASSWORD = "a-good-long-passphrase"
FORM = {
    "company": "Café Central, S.L.",
    "name": "Ana Gil",
    "email": "ana@central.example",
    "username": "central",
    "country": "ES",
    "vat_number": "ESB65739856",
    "terms": "on",
}
WANTED = frozenset(settings.STRIPE_WAKES)
Days = dict[int, tuple[int, int, int]]  # counted back from today: named users, terminals, disk in MB


@dataclass
class Walk:
    standin: Standin
    park: Park

    @property
    def now(self) -> datetime:
        """A second on, as Stripe's whole seconds lag behind what a view has just written."""
        return clock.instant(self.standin.now() + 1)

    @property
    def provisioner(self) -> LocalPark:
        return LocalPark(settings.PARK_URL, settings.PARK_SECRET)

    def wait(self, **span: int) -> None:
        """Let time pass, at Stripe and at the park."""
        self.standin.advance(int(timedelta(**span).total_seconds()))
        self.park.call("POST", "clock", {"now": self.now.isoformat()})

    def enrol(self, code: str = "iberia", *, both: bool = False) -> Partner:
        owner = Enrolment(code, code.title(), "ES", f"owner@{code}.example", "Olga Owner")
        with as_worker():
            return enrol_partner(owner, both=both, now=self.now)

    def offer(self) -> None:
        self.add_product("retail")
        sync_catalogue()

    def add_product(self, code: str) -> None:
        """With one plan: base 49.00; above 2 users, 1 terminal and 5 GB: 15.00, 10.00 and 2.00 each."""
        included = {"included_users": 2, "included_terminals": 1, "included_gb": 5}
        plan = PlanOffer("starter", "Starter", 4900, 1500, 200, 1000, **included)
        with as_worker():
            add_product(
                code=code, name=code.title(), description="Tills and stock.", retail=True, plans=[plan], now=self.now
            )

    def register(self, client: Client, slug: str = "iberia-retail", **changes: str) -> Any:
        """Send the form; the answer leads to Stripe's page."""
        return client.post(f"/signup/{slug}/", self.shown(client, slug) | changes)

    def shown(self, client: Client, slug: str = "iberia-retail") -> dict[str, str]:
        """The form as the page shows it, filled in."""
        form = client.get(f"/signup/{slug}/").context["form"]
        return FORM | {name: str(form[name].initial) for name in ("plan", "stamp")}

    def pay(self, url: str, number: str = "4242424242424242") -> str:
        """Enter the card; the path of the page that Stripe sends the browser back to."""
        return urlsplit(self.standin.pay_page(url, number).headers["Location"]).path

    def sign_up(self, client: Client, slug: str = "iberia-retail", **changes: str) -> SignUp:
        answer = self.register(client, slug, **changes)
        assert answer.status_code == 303, answer.content.decode()
        client.get(self.pay(answer["Location"]))
        with as_worker():
            return SignUp.objects.latest("pk")

    def boot(self) -> Instance:
        """Until it runs: the provider boots at once, the heartbeat is handed over."""
        with as_worker():
            instance = Instance.objects.latest("pk")
        boots.boot(instance.pk, provisioner=self.provisioner, now=self.now)
        self.beat(instance, {})
        later = self.now + timedelta(seconds=30)
        boots.boot(instance.pk, provisioner=self.provisioner, now=later)
        with as_worker():
            return Instance.objects.get(pk=instance.pk)

    def beat(self, instance: Instance, days: Days) -> heartbeats.Outcome:
        return self.receive(self.report(instance, days))

    def report(self, instance: Instance, days: Days) -> dict[str, Any]:
        """The heartbeat that the instance would send: body and headers."""
        today = clock.usage_day(self.now)
        used = [
            {
                "day": (today - timedelta(days=ago)).isoformat(),
                "named_users": users,
                "pos_terminals": terminals,
                "disk_mb": disk,
            }
            for ago, (users, terminals, disk) in days.items()
        ]
        self.park.call("POST", "clock", {"now": self.now.isoformat()})
        if used:
            self.park.call("POST", f"servers/{instance.public_id}/usage", {"days": used})
        answer = self.park.call("POST", f"servers/{instance.public_id}/heartbeat", {})
        assert answer.status == 200, answer.text
        sent: dict[str, Any] = answer.data
        return sent

    def receive(self, sent: dict[str, Any]) -> heartbeats.Outcome:
        with tenant(MACHINE):
            return heartbeats.receive(
                sent["body"].encode(),
                instance_id=sent["headers"]["X-Ondemand-Instance"],
                signature=sent["headers"]["X-Ondemand-Signature"],
                now=self.now,
            )

    def push_usage(self) -> None:
        with as_worker():
            plans.price(now=self.now)
            waiting = list(UsageCycle.objects.to_push(self.now).values_list("pk", flat=True))
        for cycle_id in waiting:
            usage.push(cycle_id, now=self.now)

    def take_events(self) -> None:
        """What beat does when every webhook was lost."""
        now = self.now
        inbox.poll(wanted=WANTED, now=now)
        inbox.take(signups.KINDS, signups.sync, now=now)
        inbox.take(sync.KINDS, sync.sync, now=now)

    def dispute(self, payment_intent: str, amount: int | None = None, **more: object) -> str:
        """The card's holder disputes a payment; the dispute's id at Stripe."""
        charge = self.stripe(f"/v1/payment_intents/{payment_intent}")["latest_charge"]
        given = {"charge": charge, **({"amount": amount} if amount else {}), **more}
        return str(self.standin.control("disputes", given)["id"])

    def accrue(self) -> int:
        return accrue(now=self.now)

    def open_bank_account(self, partner: Partner) -> None:
        self.standin.submit(self.bank_url(partner), iban="ES9121000418450200051332", holder=partner.name)
        with as_worker():
            sync_bank_account(partner.bank_accounts.get().stripe_id, now=self.now)

    def bank_url(self, partner: Partner) -> str:
        email = f"owner@{partner.code}.example"
        return open_bank_account(partner, email=email, return_url="http://localhost/", now=self.now)

    def staff(self, name: str) -> User:
        email = f"{name}@openbravo.example"
        with tenant(STAFF):
            user = User.objects.create_user(name, email, PASSWORD, is_staff=True, is_superuser=True)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        return user

    def approve_payment(self) -> Payment:
        """Drafted, proposed by one, approved by another."""
        one, other = self.staff("staff"), self.staff("approver")
        with tenant(STAFF):
            payment = preparing.propose_all(by=one, now=self.now)[0]
            preparing.approve(payment, by=other, now=self.now)
        return payment

    def send(self, payment: Payment) -> str:
        return sending.send(payment.pk, now=self.now + timedelta(hours=2))

    def customer_pays_a_month(self, client: Client) -> Instance:
        """From the form to a renewal whose invoice with usage is paid and known here."""
        self.sign_up(client)
        instance = self.boot()
        self.beat(instance, {0: (12, 2, 9000)})
        self.push_usage()
        self.take_events()
        self.wait(days=32)
        self.take_events()
        return instance

    def stripe(self, path: str) -> dict[str, Any]:
        """Asked as a stranger would."""
        request = urllib.request.Request(
            f"{self.standin.base}{path}", headers={"Authorization": f"Bearer {self.standin.key}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            found: dict[str, Any] = json.load(answer)
        return found
