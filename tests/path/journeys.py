"""Customers on their way from the form to a partner's money; every service on it dies at a point of its run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import commissions.tasks
import customers.tasks
import instances.tasks
import partners.tasks
import payments.tasks
import signup.tasks
from commissions.models import Commission
from commissions.services import accrual
from customers import planning, sync
from customers.models import Customer, Invoice, InvoiceLine, PlanChange, Subscription
from instances.models import Instance, InstanceEvent, UsageCycle
from instances.services import boots, usage
from ondemand import inbox
from ondemand.models import Mail, StripeEvent, User
from ondemand.tenancy.context import as_worker, tenant
from partners import services as enrolling
from partners.models import Partner, Plan
from payments.models import Payment
from payments.services import preparing, sending
from signup.models import SignUp
from signup.services import completion, registration
from tests.path.closings import Closings
from tests.path.deaths import AVAILABLE_AT_ONCE, Deaths, Tally, form_of
from tests.path.decisions import Decisions
from tests.path.departures import Departures
from tests.path.plans import dearer_plan
from tests.path.walk import STAFF, WANTED
from tests.path.warned_to_death import Warnings
from tests.standins.park import Platform as Peer


@dataclass
class Traveller:
    number: int
    partner: Partner
    signup: SignUp
    customer: Customer
    instance: Instance


@dataclass
class Journeys(Deaths):
    peer: Peer
    dearer: Plan = field(init=False)

    def make(self) -> dict[str, Tally]:
        self.dearer = dearer_plan(self.walk)
        travellers = [self.to_a_used_instance(number) for number in range(self.deaths + 1)]
        inbox.poll(wanted=WANTED, now=self.walk.now)  # Stripe keeps events for 30 days
        self.walk.wait(days=32)
        inbox.poll(wanted=WANTED, now=self.walk.now)
        for each in travellers:
            self.to_a_commission(each)
        self.walk.wait(days=31)
        self.propose()
        for each in travellers:
            self.to_the_money(each)
            Decisions(self.walk, self.deaths, tallies=self.tallies).make(each.number, each.partner)
            Warnings(self.walk, self.deaths, tallies=self.tallies).make(each.number, each.instance.pk)
            Departures(self.walk, self.deaths, tallies=self.tallies).make(each.number, each.customer)
            Closings(self.walk, self.deaths, tallies=self.tallies).make(each.number, each.customer, each.instance)
        return self.tallies

    def to_a_used_instance(self, number: int) -> Traveller:
        partner = self.enrolled(number)
        signup = self.registered(number, partner)
        customer, instance = self.completed(number, signup)
        traveller = Traveller(number, partner, signup, customer, instance)
        self.booted(traveller)
        self.used(traveller, "push", 5)
        self.used(traveller, "push a rise", 42)
        self.changed(traveller)
        return traveller

    def enrolled(self, number: int) -> Partner:
        partner = self.walk.enrol(f"p{number}", both=True)

        def told() -> Iterator[tuple[str, int]]:
            bodies = {body for _, body in self.peer.heartbeats if f'"{partner.code}"' in body}
            yield "told, and always the same", len(bodies)
            with as_worker():
                yield "known to be told", Partner.objects.filter(pk=partner.pk, peer_state=Partner.Peer.DONE).count()

        def opened() -> Iterator[tuple[str, int]]:
            accounts = self.listed("accounts")
            yield "account at Stripe", sum(each["metadata"].get("partner") == partner.code for each in accounts)
            with as_worker():
                yield "account here", partner.bank_accounts.count()

        tell = partial(enrolling.tell_peer, partner.pk, now=self.walk.now)
        self.die("tell_peer", number, tell, partners.tasks.sweep, told)
        again = partial(self.walk.bank_url, partner)
        self.die("open_bank_account", number, again, again, opened)
        self.walk.open_bank_account(partner)
        return partner

    def registered(self, number: int, partner: Partner) -> SignUp:
        page, form = self.page(partner), form_of("shop", number)

        def submit() -> str:
            begun, _ = registration.start(form, **page)
            return registration.open_checkout(begun, now=self.walk.now)

        def begun() -> Iterator[tuple[str, int]]:
            with as_worker():
                mine = SignUp.objects.filter(username=form.username)
                yield "sign-up", mine.count()
                reference = str(mine.latest("pk").public_id)
            customers = self.listed("customers")
            yield "customer at Stripe", sum(each["metadata"].get("signup") == reference for each in customers)
            sessions = [each for each in self.listed("checkout/sessions") if each["status"] != "expired"]
            yield "session at Stripe", sum(each["client_reference_id"] == reference for each in sessions)

        self.die("open_checkout", number, submit, submit, begun)
        self.walk.pay(submit(), AVAILABLE_AT_ONCE)
        with as_worker():
            return SignUp.objects.get(username=form.username)

    def completed(self, number: int, signup_: SignUp) -> tuple[Customer, Instance]:
        def made() -> Iterator[tuple[str, int]]:
            of_stripe = self.listed(f"subscriptions?status=all&customer={signup_.stripe_customer_id}")
            yield "subscription at Stripe", len(of_stripe)
            with as_worker():
                yield "customer", Customer.objects.filter(name=signup_.company).count()
                yield "subscription", Subscription.objects.filter(customer__name=signup_.company).count()
                yield "instance", Instance.objects.filter(name=signup_.username).count()

        complete = partial(completion.complete, signup_.pk, now=self.walk.now)
        self.die("complete", number, complete, signup.tasks.sweep, made)
        with as_worker():
            return Customer.objects.get(name=signup_.company), Instance.objects.get(name=signup_.username)

    def booted(self, traveller: Traveller) -> None:
        instance = traveller.instance

        def ordered() -> Iterator[tuple[str, int]]:
            servers = self.walk.park.call("GET", "servers").data["servers"]
            yield "server", sum(each["name"] == instance.name for each in servers)
            yield from happened("booting")

        def happened(kind: str) -> Iterator[tuple[str, int]]:
            with as_worker():
                yield kind, InstanceEvent.objects.filter(instance_id=instance.pk, kind=kind).count()

        def running() -> Iterator[tuple[str, int]]:
            yield from happened("running")
            with as_worker():
                mails = Mail.objects.filter(customer_id=instance.customer_id, key__contains="instance_running")
                yield "mail", mails.count()

        def boot() -> str:
            return boots.boot(instance.pk, provisioner=self.walk.provisioner, now=self.walk.now)

        self.die("boot", traveller.number, boot, instances.tasks.sweep, ordered)
        self.walk.beat(instance, {})
        self.walk.wait(seconds=30)
        self.die("boot to running", traveller.number, boot, instances.tasks.sweep, running)

    def used(self, traveller: Traveller, service: str, users: int) -> None:
        """Two users are included; terminals and disk are below what is."""
        self.walk.beat(traveller.instance, {0: (users, 1, 1000)})
        with as_worker():
            cycle = UsageCycle.objects.get(instance_id=traveller.instance.pk, meter=UsageCycle.Meter.USERS)

        def billed() -> Iterator[tuple[str, int]]:
            items = self.listed(f"invoiceitems?pending=true&customer={traveller.customer.stripe_id}")
            yield "item", len(items)
            yield "item of the right quantity", sum(each["quantity"] == users - 2 for each in items)

        push = partial(usage.push, cycle.pk, now=self.walk.now)
        self.die(service, traveller.number, push, instances.tasks.sweep, billed)

    def changed(self, traveller: Traveller) -> None:
        customer, now = traveller.customer, self.walk.now
        with as_worker():
            subscription = Subscription.objects.get(customer=customer)
            by = User.objects.get(username=traveller.signup.username)
            at = now.replace(microsecond=0)
            change = planning.ask(subscription.pk, self.dearer, at=at, by=by, now=now)

        def made() -> Iterator[tuple[str, int]]:
            items = self.listed(f"invoiceitems?pending=true&customer={customer.stripe_id}")
            yield "credit", sum(each["proration"] and each["amount"] < 0 for each in items)
            yield "charge", sum(each["proration"] and each["amount"] > 0 for each in items)
            with as_worker():
                yield "done", PlanChange.objects.filter(pk=change.pk, done_at__isnull=False).count()
                mails = Mail.objects.filter(customer_id=customer.pk, key__contains="plan_changed")
                yield "mail", mails.filter(recipient=by.email).count()

        carry_out = partial(planning.carry_out, change.pk, now=self.walk.now)
        self.die("change the plan", traveller.number, carry_out, customers.tasks.sweep, made)

    def to_a_commission(self, traveller: Traveller) -> None:
        customer = traveller.customer
        self.leave_only(customer)

        def known() -> Iterator[tuple[str, int]]:
            at_stripe = self.listed(f"invoices?customer={customer.stripe_id}")
            with as_worker():
                here = Counter(Invoice.objects.filter(customer_id=customer.pk).values_list("stripe_id", flat=True))
                lines = Counter(InvoiceLine.objects.filter(customer_id=customer.pk).values_list("stripe_id", flat=True))
            yield "a renewal at Stripe", int(len(at_stripe) == 2)
            yield from ((invoice["id"], here[invoice["id"]]) for invoice in at_stripe)
            yield from ((line["id"], lines[line["id"]]) for each in at_stripe for line in each["lines"]["data"])

        def earned() -> Iterator[tuple[str, int]]:
            with as_worker():
                lines = list(InvoiceLine.objects.filter(customer_id=customer.pk).values_list("pk", flat=True))
                rows = Counter(Commission.objects.filter(customer_id=customer.pk).values_list("line_id", flat=True))
            yield from ((f"commission of line {line}", rows[line]) for line in lines)

        take = partial(inbox.take, sync.KINDS, sync.sync, now=self.walk.now)
        self.die("take", traveller.number, take, customers.tasks.take_events, known)
        accrue = partial(accrual.accrue, now=self.walk.now)
        self.die("accrue", traveller.number, accrue, commissions.tasks.accrue, earned)

    def leave_only(self, customer: Customer) -> None:
        """Events about others wait longer, so that each traveller meets the same points."""
        with as_worker():
            waiting = StripeEvent.objects.filter(state=StripeEvent.State.WAITING)
            waiting.update(next_try_at=self.walk.now + timedelta(days=9))
            mine = waiting.filter(payload__data__object__customer=customer.stripe_id)
            mine.update(next_try_at=self.walk.now - timedelta(minutes=1))

    def propose(self) -> None:
        by = self.walk.staff("staff")
        self.walk.staff("approver")
        with tenant(STAFF):
            preparing.propose_all(by=by, now=self.walk.now)

    def to_the_money(self, traveller: Traveller) -> None:
        with tenant(STAFF):
            payment = Payment.objects.get(partner=traveller.partner)
            approver = User.objects.get(username="approver")
            preparing.approve(payment, by=approver, now=self.walk.now)

        def paid() -> Iterator[tuple[str, int]]:
            transfers = self.listed(f"transfers?transfer_group={payment.key}")
            yield "transfer", len(transfers)
            yield "transfer of the right amount", sum(each["amount"] == payment.amount for each in transfers)
            with as_worker():
                yield "paid", Payment.objects.filter(pk=payment.pk, state=Payment.State.PAID).count()

        send = partial(sending.send, payment.pk, now=self.walk.now)
        self.die("send", traveller.number, send, payments.tasks.sweep, paid)
