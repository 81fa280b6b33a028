"""The path with three partners and some customers, each step of it done twice but for what people ask anew."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.core import mail as sent
from django.db import IntegrityError

import commissions.tasks
import customers.tasks
import instances.tasks
import ondemand.personal.tasks
import ondemand.tasks
import partners.tasks
import payments.tasks
import signup.tasks
from commissions.services import accrual, terms
from customers import corrections, support, sync, upcoming
from customers import services as registering
from customers.models import Customer, InvoicePayment, LoginToken, PersonInvitation, Subscription
from customers.support import LoginRefused, Why
from instances.models import Instance, Suspension, UsageCycle
from instances.services import boots, brake, dunning, heartbeats, suspensions, usage
from instances.services.help import ask
from ondemand import clock, inbox, mail, retention
from ondemand.gateway import subscriptions
from ondemand.gateway.checkout import open_billing_portal
from ondemand.gateway.events import EventFacts
from ondemand.models import Comparison, Mail, StripeEvent, User
from ondemand.personal import erasing
from ondemand.teams import changes
from ondemand.teams.changes import Team
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners import services as enrolling
from partners.models import Campaign, Invitation, Member, Partner, Plan
from partners.services import origins
from partners.team import team_of
from payments.models import Payment
from payments.services import preparing, sending
from payments.services.preparing import PaymentRefused
from signup.models import SignUp
from signup.services import completion, leaving, registration, review, undoing
from signup.services.review import NotInReview
from tests.factories import make_login
from tests.path import closing, plans, warned
from tests.path.leaving import leave, left
from tests.path.rows import objects, rows
from tests.path.walk import MACHINE, PASSWORD, STAFF, WANTED, Walk

State = set[str]
WORKER = Scope(Role.WORKER)
PARTNERS = ("iberia", "nordic", "lonestar")
AVAILABLE_AT_ONCE, RISKY = "4000000000000077", "4000000000009235"
IBAN = "ES9121000418450200051332"


class Never(Exception):
    """No second run raises it."""


@dataclass
class Step:
    """What the first runs changed, and what the second ones did."""

    first: State = field(default_factory=set)
    second: State = field(default_factory=set)


@dataclass
class Story:
    """`now` stands still within a chapter, so that a second run is not simply a later one."""

    walk: Walk
    file: Path
    now: datetime
    steps: dict[str, Step] = field(default_factory=dict)

    def tell(self) -> dict[str, Step]:
        self.enrolments()
        self.products()
        self.bank_accounts()
        self.frames()
        self.team()
        self.registrations()
        self.completions()
        self.support()
        self.boots()
        self.help()
        self.usage()
        plans.tell(self)
        self.billing()
        self.by_hand()
        self.commissions()
        self.strange_events()
        self.payments()
        self.suspensions()
        warned.tell(self)
        leave(self)
        self.endings()
        left(self)
        self.reviews()
        self.erasures()
        self.forgetting()
        return self.steps

    def wait(self, **span: int) -> None:
        self.walk.wait(**span)
        self.now = self.walk.now

    def state(self) -> State:
        mails = {f"mailed: {n} {message.subject}" for n, message in enumerate(sent.outbox)}
        return rows() | objects(self.file) | mails

    def twice(
        self,
        act: Callable[..., Any],
        *given: Any,
        scope: Scope | None = None,
        refused: type[Exception] = Never,
        **named: Any,
    ) -> Any:
        """Run it and run it again, in `scope` where its caller opens one; what the first run returned.

        `refused`: what the second run may raise.
        """
        before = self.state()
        result = _run(act, given, named, scope)
        once = self.state()
        with suppress(refused):
            _run(act, given, named, scope)
        step = self.step(act)
        step.first |= once ^ before
        step.second |= self.state() ^ once
        return result

    def once(self, act: Callable[..., Any], *given: Any, scope: Scope = WORKER, **named: Any) -> Any:
        """For what is meant anew each time: a person asks for it."""
        before = self.state()
        result = _run(act, given, named, scope)
        self.step(act).first |= self.state() ^ before
        return result

    def step(self, act: Callable[..., Any]) -> Step:
        name = getattr(act, "name", "") or f"{act.__module__}.{act.__name__}"
        return self.steps.setdefault(name, Step())

    def enrolments(self) -> None:
        made = enrolling.Enrolment("iberia", "Iberia", "ES", "owner@iberia.example", "Olga Owner")
        iberia = self.twice(enrolling.enrol_partner, made, both=True, now=self.now, scope=WORKER)
        colleague: dict[str, Any] = {"email": "finance@iberia.example", "name": "Fina", "role": Member.Role.FINANCE}
        self.twice(enrolling.add_member, iberia, **colleague, now=self.now, scope=WORKER)
        nordic, lonestar = self.walk.enrol("nordic", both=True), self.walk.enrol("lonestar", both=True)
        self.wait(seconds=2)
        self.twice(enrolling.tell_peer, iberia.pk, now=self.now)
        self.twice(partners.tasks.tell_peer, nordic.pk)
        self.twice(mail.send_due, now=self.now)
        staff = self.walk.staff("staff")
        named: dict[str, Any] = {"now": self.now, "actor": staff}
        self.once(enrolling.resend_welcome, iberia, **named, scope=STAFF)
        self.twice(enrolling.change_state, lonestar, Partner.State.LEFT, **named, scope=STAFF)
        with tenant(STAFF):
            enrolling.change_state(lonestar, Partner.State.ACTIVE, **named)

    def products(self) -> None:
        plan = enrolling.PlanOffer("starter", "Starter", 9900, 1500, 200)
        offer: dict[str, Any] = {"code": "obps", "name": "OBPS", "description": "", "retail": False, "plans": [plan]}
        self.twice(enrolling.add_product, **offer, now=self.now, scope=WORKER)
        self.twice(enrolling.sync_catalogue)
        self.walk.add_product("retail")
        self.twice(partners.tasks.sync_catalogue)
        with as_worker():  # as an import would make it
            Partner.objects.create(code="late", name="Late", country="ES", created_at=self.now)
        self.twice(enrolling.ensure_campaigns, now=self.now, scope=WORKER)
        self.walk.add_product("pos")
        self.twice(partners.tasks.sweep)  # tells the peer of lonestar, and Stripe of the product

    def bank_accounts(self) -> None:
        iberia, nordic, lonestar = self.partners()
        named: dict[str, Any] = {"email": "o@iberia.example", "return_url": "http://localhost/", "now": self.now}
        url = self.twice(enrolling.open_bank_account, iberia, **named)
        self.walk.standin.submit(url, iban=IBAN, holder="Iberia")
        self.twice(enrolling.sync_bank_account, _account(iberia), now=self.now, scope=WORKER)
        self.walk.open_bank_account(lonestar)
        self.walk.standin.submit(self.walk.bank_url(nordic), iban=IBAN, holder="Nordic")
        self.twice(inbox.store, _changed(_account(nordic), self.now), wanted=True, now=self.now, scope=MACHINE)
        self.twice(payments.tasks.take_events)

    def frames(self) -> None:
        iberia = self.partners()[0]
        with as_worker():
            campaign = Campaign.objects.get(slug="iberia-retail")
            owner = User.objects.get(email="owner@iberia.example")
        web = Scope(Role.WEB, partner_id=iberia.pk)
        allow_origins = origins.allow_origins
        self.twice(allow_origins, campaign, ["https://www.iberia.example"], by=owner, now=self.now, scope=web)

    def team(self) -> None:
        iberia, colleague = team_of(self.partners()[0]), self.walk.staff("colleague")
        with as_worker():
            owner = User.objects.get(email="owner@iberia.example")
        by: dict[str, Any] = {"actor": owner, "now": self.now}
        invited = partial(self.invited, iberia, by)
        self.once(changes.withdraw, iberia, invited("gone@iberia.example"), **by)
        self.once(changes.resend, iberia, invited("bea@iberia.example"), **by)
        new: dict[str, Any] = {"name": "Bea", "password": PASSWORD, "language": "en", "now": self.now}
        bea = self.once(changes.accept_as_new, iberia, self.mailed_token(), **new)
        invited(colleague.email)
        seat = self.once(changes.accept, iberia, self.mailed_token(), user=colleague, now=self.now)
        self.once(changes.change_role, iberia, bea, Member.Role.SUPPORT, **by)
        self.once(changes.disable, iberia, bea, **by)
        self.once(changes.enable, iberia, bea, **by)
        self.once(changes.remove, iberia, bea, **by)
        self.once(changes.leave, iberia, seat, actor=colleague, now=self.now)

    def invited(self, team: Team, by: dict[str, Any], email: str) -> Invitation:
        self.once(changes.invite, team, email=email, role=Member.Role.FINANCE, **by)
        with as_worker():
            return Invitation.objects.get(email=email)

    def mailed_token(self) -> str:
        with as_worker():
            return Mail.objects.filter(text__contains="/join/").latest("pk").text.partition("/join/team/")[2][:43]

    def support(self) -> None:
        """A member is within the account of one, who then refuses."""
        customer = self.subscription("one").customer
        with as_worker():
            owner, ana = (User.objects.get(email=email) for email in ("owner@iberia.example", "one@shops.example"))
        asked: dict[str, Any] = {"partner_id": customer.partner_id, "reason": "The till prints nothing"}
        secret = self.once(support.issue, customer.pk, by=owner, **asked, now=self.now)
        token = self.once(support.enter, secret, by=owner, now=self.now).token
        self.once(support.opened, token, "shop-one", by=owner, now=self.now)
        self.once(support.note_refusal, LoginRefused(Why.USED, token), by=owner, now=self.now)
        self.once(support.note_forbidden, token, "account-card", by=owner, now=self.now)
        self.once(support.end, [token], by=owner, ending=LoginToken.Ending.MEMBER, now=self.now)
        self.lost_right(customer, owner, lambda: self.twice(customers.tasks.sweep))
        self.lost_right(customer, owner, lambda: self.once(support.end_without_right, now=self.now))
        self.once(support.allow, customer.pk, False, by=ana, now=self.now)

    def lost_right(self, customer: Customer, owner: User, look: Callable[[], object]) -> None:
        """What is done about a visit whose right has ended; afterwards the right is there again."""
        make_login(customer=customer, by=owner, now=self.now)
        for allowed, act in ((False, look), (True, lambda: None)):
            with as_worker():
                Customer.objects.filter(pk=customer.pk).update(support_allowed=allowed)
            act()

    def registrations(self) -> None:
        begun, _ = self.twice(_Browser(), _form("one"), **self.page("iberia"))
        url = self.twice(registration.open_checkout, begun, now=self.now)
        self.walk.pay(url, AVAILABLE_AT_ONCE)
        for partner, name in (("nordic", "two"), ("lonestar", "three"), ("iberia", "four")):
            self.walk.pay(registration.open_checkout(self.begin(partner, name), now=self.now), AVAILABLE_AT_ONCE)
        left = self.begin("iberia", "left")
        registration.open_checkout(left, now=self.now)
        self.twice(leaving.remind, left.pk, now=self.now)
        self.twice(leaving.stop, left, now=self.now)
        self.twice(leaving.expire, left.pk, now=self.now)

    def completions(self) -> None:
        self.twice(completion.complete, self.signup("one").pk, now=self.now)
        self.twice(signup.tasks.complete, self.signup("two").pk)
        four = self.signup("four")
        self.wait(minutes=2)
        with as_worker():
            SignUp.objects.filter(pk=four.pk).update(next_try_at=self.now + timedelta(days=1))
        self.twice(signup.tasks.sweep)  # completes three
        self.twice(inbox.poll, wanted=WANTED, now=self.now)
        self.twice(completion.sync, "checkout.session", four.session_id, self.now, scope=WORKER)
        self.twice(signup.tasks.take_events)
        completion.complete(four.pk, now=self.now)
        self.twice(completion.choose_password, self.signup("one"), PASSWORD, now=self.now)

    def boots(self) -> None:
        one, two, three, four = map(self.instance, ("one", "two", "three", "four"))
        self.twice(boots.boot, one.pk, provisioner=self.walk.provisioner, now=self.now)
        self.twice(instances.tasks.boot, two.pk)
        self.twice(instances.tasks.sweep)  # three and four
        for each in (one, two, three, four):
            self.walk.beat(each, {})
        self.wait(seconds=30)
        for each in (one, two, three):
            boots.boot(each.pk, provisioner=self.walk.provisioner, now=self.now)
        with as_worker():
            Instance.objects.filter(pk=four.pk).update(state=Instance.State.FAILED)
        self.twice(boots.retry, self.instance("four"), now=self.now, scope=WORKER)
        self.twice(ondemand.tasks.send_mails)

    def help(self) -> None:
        one = self.instance("one")
        with as_worker():
            ana = User.objects.get(email="one@shops.example")
        asked: dict[str, Any] = {"by": ana, "text": "The till prints nothing", "instance": one, "now": self.now}
        self.twice(ask, self.subscription("one").customer, **asked, scope=WORKER)

    def usage(self) -> None:
        one, two, three = map(self.instance, ("one", "two", "three"))
        sent_by_it = self.walk.report(one, {0: (42, 2, 9000)})
        headers = sent_by_it["headers"]
        said_by: dict[str, Any] = {
            "instance_id": headers["X-Ondemand-Instance"],
            "signature": headers["X-Ondemand-Signature"],
            "now": self.now,
        }
        self.twice(heartbeats.receive, sent_by_it["body"].encode(), **said_by, scope=MACHINE)
        for each in (two, three):
            self.walk.beat(each, {0: (42, 2, 9000)})
        with as_worker():
            users = {cycle.instance_id: cycle.pk for cycle in UsageCycle.objects.filter(meter="users")}
        self.twice(usage.push, users[one.pk], now=self.now)
        self.twice(instances.tasks.push_usage, users[two.pk])
        self.wait(seconds=2)
        self.twice(instances.tasks.sweep)
        self.twice(upcoming.look, self.subscription("one").pk, now=self.now)
        self.twice(customers.tasks.preview)

    def billing(self) -> None:
        self.wait(days=32)
        self.twice(ondemand.tasks.poll_events)
        with as_worker():
            found = StripeEvent.objects.waiting(self.now).filter(object_kind="invoice")
            mine = sorted(set(found.values_list("object_id", flat=True)))
        self.twice(sync.sync_invoice, mine[0], scope=WORKER)
        self.twice(sync.sync, "invoice", mine[1], self.now, scope=WORKER)
        one, two, three = map(self.subscription, ("one", "two", "three"))
        facts = {each.pk: subscriptions.fetch_subscription(each.stripe_id) for each in (one, two)}
        self.twice(registering.begin_subscription, one.customer, facts[one.pk], now=self.now, scope=WORKER)
        self.twice(sync.write_subscription, two.customer, facts[two.pk], now=self.now, scope=WORKER)
        self.twice(sync.sync_subscription, three.stripe_id, self.now, scope=WORKER)
        self.twice(inbox.take, sync.KINDS, sync.sync, now=self.now)
        page = open_billing_portal(customer=one.customer.stripe_id, return_url="http://localhost/")
        self.walk.standin.pay_page(page, AVAILABLE_AT_ONCE)
        self.twice(sync.sync_customer, one.customer.stripe_id, scope=WORKER)

    def by_hand(self) -> None:
        """A customer whose Stripe ids are invented, for what completions call."""
        with as_worker():
            owner, plan = (
                User.objects.get(username="shop-one"),
                Plan.objects.get(product__code="retail", code="starter"),
            )
        new = registering.NewCustomer("Five", "Ana Gil", "five@shops.example", "ES", "", "cus_five")
        iberia: dict[str, Any] = {"partner_id": self.partners()[0].pk, "plan": plan, "owner": owner}
        customer = self.twice(registering.register, new, **iberia, now=self.now, scope=WORKER)
        facts = replace(subscriptions.fetch_subscription(self.subscription("one").stripe_id), id="sub_five")
        with as_worker():
            subscription = sync.write_subscription(customer, facts, now=self.now)
        self.twice(boots.provision, subscription, name="shop-five", now=self.now, scope=WORKER)

    def commissions(self) -> None:
        iberia, staff = self.partners()[0], self.user("staff")
        self.twice(terms.ensure_terms, now=self.now, scope=WORKER)
        self.twice(accrual.accrue, now=self.now)
        customer_id = self.subscription("one").customer_id
        with as_worker():
            payment = InvoicePayment.objects.filter(customer_id=customer_id).earliest("id")
            product = Plan.objects.get(product__code="retail", code="starter").product
        refund = self.walk.standin.v1.refunds.create({"payment_intent": payment.payment_intent, "amount": 100})
        self.twice(corrections.sync_refund, refund.id, scope=WORKER)
        self.twice(commissions.tasks.accrue)
        self.corrections(payment)
        given: dict[str, Any] = {"partner": iberia, "product": product, "rate": 2500, "hold_days": 30, "now": self.now}
        starts = clock.business_day(self.now) + timedelta(days=60)
        self.twice(terms.agree, **given, starts=starts, actor=staff, scope=STAFF, refused=IntegrityError)

    def corrections(self, payment: InvoicePayment) -> None:
        """A credit note of the same invoice, and a dispute that is lost."""
        stripe = self.walk.standin.v1
        with as_worker():
            invoice = payment.invoice.stripe_id
        note = stripe.credit_notes.create({"invoice": invoice, "amount": 200, "refund_amount": 200})
        self.twice(corrections.sync_credit_note, note.id, scope=WORKER)
        with as_worker():
            other = InvoicePayment.objects.exclude(pk=payment.pk).filter(state="paid").latest("id")
        dispute = self.walk.dispute(other.payment_intent, 300)
        stripe.disputes.close(dispute)
        self.twice(corrections.sync_dispute, dispute, self.now, scope=WORKER)
        self.twice(commissions.tasks.accrue)

    def strange_events(self) -> None:
        """One about a refund that nobody knows, set going again by staff and then given up."""
        with tenant(MACHINE):
            inbox.store(
                replace(_changed("re_strange", self.now), account="", object_kind="refund"), wanted=True, now=self.now
            )
        strange = StripeEvent.objects.filter(object_id="re_strange")
        self.once(inbox.retry, strange, by=self.user("staff"), now=self.now, scope=STAFF)
        self.twice(inbox.set_aside, strange, by=self.user("staff"), why="Of a test.", now=self.now, scope=STAFF)

    def payments(self) -> None:
        """One a partner: iberia's by the services, nordic's by the tasks, lonestar's after a cancellation."""
        staff, approver = self.user("staff"), self.walk.staff("approver")
        self.wait(days=31)
        iberia, nordic, lonestar = self.partners()
        first = self.twice(preparing.draft, iberia.pk, "EUR", now=self.now, scope=WORKER)
        self.twice(preparing.propose, first, by=staff, now=self.now, scope=STAFF, refused=PaymentRefused)
        self.twice(payments.tasks.draft)
        self.twice(preparing.propose_all, by=staff, now=self.now, scope=STAFF)
        self.twice(preparing.approve, first, by=approver, now=self.now, scope=STAFF, refused=PaymentRefused)
        gone = self.payment(lonestar)
        self.twice(preparing.cancel, gone, by=approver, now=self.now, scope=STAFF, refused=PaymentRefused)
        self.twice(preparing.draft_all, now=self.now, scope=WORKER)
        with tenant(STAFF):
            preparing.propose_all(by=staff, now=self.now)
            for partner in (nordic, lonestar):
                preparing.approve(self.latest(partner), by=approver, now=self.now)
        self.twice(sending.send, first.pk, now=self.now)
        self.twice(payments.tasks.send, self.payment(nordic).pk)
        self.twice(payments.tasks.sweep)
        self.twice(ondemand.tasks.sweep)

    def suspensions(self) -> None:
        one = self.instance("one")
        asked: dict[str, Any] = {"cause": Suspension.Cause.STAFF, "reason": "the owner asked for it"}
        self.twice(suspensions.suspend, one.pk, **asked, now=self.now, scope=WORKER)
        self.twice(suspensions.switch, one.pk, provisioner=self.walk.provisioner, now=self.now)
        self.twice(suspensions.resume, one.pk, **asked, now=self.now, scope=WORKER)
        self.twice(instances.tasks.switch, one.pk)
        closing.by_staff(self)
        self.leave_unpaid()
        self.twice(dunning.suspend_unpaid, one.pk, now=self.now)
        self.exempt(timedelta(days=1))
        self.twice(dunning.resume_paid, now=self.now)
        self.exempt(timedelta())
        self.twice(brake.watch, now=self.now, scope=WORKER)
        self.twice(dunning.run, now=self.now)
        self.exempt(timedelta(days=1))
        self.twice(instances.tasks.dun)
        self.twice(brake.close_brake, "A restore", now=self.now, scope=WORKER)
        self.twice(brake.open_brake, reason="All is there", by=self.user("staff"), now=self.now, scope=WORKER)

    def leave_unpaid(self) -> None:
        """An open invoice of one's subscription, which grants no grace."""
        subscription = self.subscription("one")
        customer, v1 = subscription.customer.stripe_id, self.walk.standin.v1
        later: Any = {"customer": customer, "collection_method": "send_invoice", "days_until_due": 30}
        made = v1.invoices.create(later | {"subscription": subscription.stripe_id})
        v1.invoice_items.create({"customer": customer, "invoice": made.id, "amount": 900, "currency": "eur"})
        v1.invoices.finalize_invoice(made.id)
        with as_worker():
            sync.sync("invoice", made.id, self.now)
            Subscription.objects.filter(pk=subscription.pk).update(grace_days=0)
            compared = self.now - timedelta(hours=26)
            Comparison.objects.create(part="customers", started_at=compared, finished_at=compared)
        self.wait(seconds=2)

    def exempt(self, span: timedelta) -> None:
        with as_worker():
            Subscription.objects.filter(customer__name="One").update(exempt_until=self.now + span)

    def endings(self) -> None:
        self.walk.standin.v1.subscriptions.cancel(self.subscription("two").stripe_id)
        self.walk.standin.v1.subscriptions.cancel(self.subscription("three").stripe_id)
        self.wait(seconds=5)
        inbox.poll(wanted=WANTED, now=self.now)
        self.twice(customers.tasks.take_events)
        closing.stopped(self)
        closing.deleted(self)
        for app in (customers, instances, payments):
            self.twice(app.tasks.compare)

    def reviews(self) -> None:
        """Three that are held: one is released, two are refused."""
        staff: dict[str, Any] = {"by": self.user("staff"), "why": "We called them.", "now": self.now}
        for name in ("doubted", "spurned", "dropped"):
            self.walk.pay(registration.open_checkout(self.begin("nordic", name), now=self.now), RISKY)
            self.twice(completion.complete, self.signup(name).pk, now=self.now)
        doubted, spurned, dropped = map(self.signup, ("doubted", "spurned", "dropped"))
        self.twice(review.release, doubted, **staff, scope=STAFF, refused=NotInReview)
        self.twice(signup.tasks.complete, doubted.pk)
        self.twice(review.refuse, spurned, **staff, scope=STAFF, refused=NotInReview)
        self.twice(undoing.undo, spurned.pk, now=self.now)
        with tenant(STAFF):
            review.refuse(dropped, **staff)
        self.twice(signup.tasks.undo, dropped.pk)
        self.wait(seconds=2)
        self.walk.take_events()
        self.twice(undoing.settle_events, now=self.now)

    def erasures(self) -> None:
        """A customer whose subscription has ended, and a member who leaves."""
        two, staff = self.subscription("two").customer, self.user("staff")
        with tenant(STAFF):
            row = erasing.confirm(two, reason="by letter", by=staff, now=self.now)
        self.twice(ondemand.personal.tasks.erase, row.pk)
        with tenant(STAFF):
            leaver = User.objects.get(email="finance@iberia.example")
            erasing.confirm(leaver, reason="by letter", by=staff, now=self.now)
        self.twice(ondemand.personal.tasks.sweep)

    def forgetting(self) -> None:
        """Texts of mails, and what was made long ago: the database keeps by its own clock what is deleted for good."""
        with as_worker():
            LoginToken.objects.update(created_at=clock.instant(0))
            for kind in (Invitation, PersonInvitation):
                kind.objects.update(expires_at=clock.instant(0))
        self.twice(retention.forget, now=self.now)
        self.now += timedelta(days=95)
        self.twice(ondemand.tasks.forget)

    def partners(self) -> list[Partner]:
        with as_worker():
            return [Partner.objects.get(code=code) for code in PARTNERS]

    def page(self, partner: str) -> dict[str, Any]:
        with as_worker():
            campaign = Campaign.objects.get(slug=f"{partner}-retail")
            plan = Plan.objects.get(product__code="retail", code="starter")
        return {"campaign": campaign, "plan": plan, "ticket": None, "now": self.now}

    def begin(self, partner: str, name: str) -> SignUp:
        return registration.start(_form(name), **self.page(partner))[0]

    def signup(self, name: str) -> SignUp:
        with as_worker():
            return SignUp.objects.get(username=f"shop-{name}")

    def instance(self, name: str) -> Instance:
        with as_worker():
            return Instance.objects.get(name=f"shop-{name}")

    def subscription(self, name: str) -> Subscription:
        with as_worker():
            return Subscription.objects.select_related("customer").get(customer__name=name.title())

    def user(self, name: str) -> User:
        with tenant(STAFF):
            return User.objects.get(username=name)

    def payment(self, partner: Partner) -> Payment:
        with as_worker():
            return self.latest(partner)

    def latest(self, partner: Partner) -> Payment:
        return Payment.objects.filter(partner=partner).latest("pk")


def _run(act: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any], scope: Scope | None) -> Any:
    if scope is None:
        return act(*given, **named)
    with tenant(scope):
        return act(*given, **named)


def _form(name: str) -> registration.Registration:
    email = f"{name}@shops.example"
    return registration.Registration(name.title(), "Ana Gil", email, f"shop-{name}", "ES", "ESB65739856", "en")


def _account(partner: Partner) -> str:
    with as_worker():
        return str(partner.bank_accounts.get().stripe_id)


def _changed(account: str, now: datetime) -> EventFacts:
    """As Connect's webhook would bring it."""
    return EventFacts(f"evt_{account}", account, "account.updated", "account", account, now, False, {"id": "evt"})


class _Browser:
    """Sends the form, and sends it again with the ticket that it kept."""

    name = "signup.services.registration.start"

    def __init__(self) -> None:
        self.ticket: registration.Ticket | None = None

    def __call__(self, *given: Any, **named: Any) -> tuple[SignUp, registration.Ticket]:
        begun, self.ticket = registration.start(*given, **named | {"ticket": self.ticket})
        return begun, self.ticket
