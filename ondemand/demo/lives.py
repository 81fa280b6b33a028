"""Customers' lives: from the form to the running instance, and what is used on it until its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from customers.models import Subscription
from instances.models import Instance
from instances.provisioners import provisioner
from instances.services import boots, heartbeats
from ondemand import clock
from ondemand.demo import usage
from ondemand.demo.cast import DECLINED, Company
from ondemand.demo.outside import Heartbeat, OutsideFailed, Park, Stripe
from ondemand.demo.people import PASSWORD
from ondemand.demo.sweeps import push_usage, send_mails
from ondemand.demo.timeline import Timeline
from ondemand.models import User
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from partners.models import Campaign, Plan
from signup import services as signups
from signup.models import SignUp

BEFORE_RENEWAL = timedelta(hours=2)  # what was used must be known before the invoice is final
HALF_CYCLE = timedelta(days=15)
LATELY = timedelta(days=62)  # two reports a cycle; before that one, so that the history is made quickly
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@dataclass
class Life:
    """An instance and its company. `told`: the last day of which the platform knows all."""

    company: Company
    instance: Instance
    subscription: Subscription
    owner: User
    began: date
    told: date
    ended: bool = False

    @property
    def server(self) -> str:
        return str(self.instance.public_id)


class Lives:
    def __init__(self, timeline: Timeline, stripe: Stripe, park: Park, rng: Random) -> None:
        self.timeline, self.stripe, self.park, self.rng = timeline, stripe, park, rng
        self.all: list[Life] = []

    def register(self, company: Company, at: datetime, *, after: Life | None = None) -> Life:
        """From the form to a queued instance; `after`: its owner, signed in, orders another one."""
        campaign, plan = offer(company)
        look_at(campaign, company, at)
        form = _registration(company, after)
        made, _ticket = signups.start(form, campaign=campaign, plan=plan, ticket=None, now=at)
        page = signups.open_checkout(made, now=at + 20 * SECOND)
        if not self.stripe.pay(page, card=company.card, name=company.contact, country=company.country):
            raise OutsideFailed(f"the card of {company.name} was refused")
        signups.complete(made.pk, now=at + 80 * SECOND)
        life = _begin(company, made.pk, at)
        if company.known:
            _choose_password(made.pk, at + 100 * SECOND)
        self.all.append(life)
        self._plan_cycle(life, at)
        return life

    def abandon(self, company: Company, at: datetime) -> None:
        """Somebody whose card is declined, and who does not come back."""
        campaign, plan = offer(company)
        look_at(campaign, company, at)
        form = _registration(company, None)
        made, _ticket = signups.start(form, campaign=campaign, plan=plan, ticket=None, now=at)
        page = signups.open_checkout(made, now=at + 20 * SECOND)
        self.stripe.pay(page, card=DECLINED, name=company.contact, country=company.country)

    def boot(self, life: Life, at: datetime) -> None:
        """The park boots at once here; the platform hears of it as late as it usually does."""
        self.park.move_to(at)
        boots.boot(life.instance.pk, provisioner=provisioner(), now=at)
        if _state(life) == Instance.State.BOOTING:
            self.greet(life, at + self.rng.randrange(90, 210) * SECOND)

    def greet(self, life: Life, at: datetime) -> None:
        """The first heartbeat, and what follows from it."""
        self._receive(self.park.heartbeat(life.server, []), at)
        boots.boot(life.instance.pk, provisioner=provisioner(), now=at + 2 * SECOND)
        send_mails(at + 5 * SECOND)

    def report(self, life: Life, at: datetime, *, today: bool = False) -> None:
        """The days since the last report, up to yesterday, or to today so far."""
        last = clock.usage_day(at) - (DAY * (not today))
        if life.ended or life.told >= last:
            return
        days = usage.days(life.company, life.began, life.told + DAY, last, self.rng)
        self.park.move_to(at)
        self.park.use(life.server, days)
        self._receive(self.park.heartbeat(life.server, [str(day["day"]) for day in days]), at)
        life.told = last
        push_usage(at)

    def report_all(self, at: datetime) -> None:
        for life in self.all:
            self.report(life, at, today=True)

    def _receive(self, heartbeat: Heartbeat, at: datetime) -> None:
        with tenant(Scope(Role.MACHINE)):
            heartbeats.receive(heartbeat.body, instance_id=heartbeat.instance, signature=heartbeat.signature, now=at)

    def _plan_cycle(self, life: Life, at: datetime) -> None:
        """A report shortly before its end, after which the next is planned; lately one in its middle too."""
        starts, ends = life.subscription.cycle_at(at)

        def last(now: datetime) -> None:
            self.report(life, now)
            if not life.ended:
                self._plan_cycle(life, ends)

        if starts + HALF_CYCLE > max(at, self.timeline.end - LATELY):
            self.timeline.plan(starts + HALF_CYCLE, partial(self.report, life))
        self.timeline.plan(ends - BEFORE_RENEWAL, last)


def offer(company: Company) -> tuple[Campaign, Plan]:
    product, _, plan = company.offer.partition("/")
    with as_worker():
        campaign = Campaign.objects.open().get(slug=f"{company.partner}-{product}")
        return campaign, Plan.objects.get(product_id=campaign.product_id, code=plan)


def look_at(campaign: Campaign, company: Company, at: datetime) -> None:
    """Before somebody signs up, they and some others open the page."""
    with tenant(Scope(Role.SIGNUP)):
        for _visit in range(2 + len(company.username) % 4):
            signups.count_visit(campaign, now=at)


def _registration(company: Company, after: Life | None) -> signups.Registration:
    return signups.Registration(
        company=company.name,
        contact_name=company.contact,
        email=company.email,
        username=company.username,
        country=company.country,
        vat_number=company.vat,
        language="es" if company.country == "ES" else "en",
        ordered_by=after.owner.pk if after else None,
        customer_id=after.instance.customer_id if after else None,
    )


def _begin(company: Company, signup_id: int, at: datetime) -> Life:
    with as_worker():
        signup = SignUp.objects.get(pk=signup_id)
        instance = Instance.objects.select_related("subscription").get(pk=signup.instance_id or 0)
        owner = User.objects.get(pk=signup.user_id or 0)
    day = clock.usage_day(at)
    return Life(company, instance, instance.subscription, owner, began=day, told=day - DAY)


def _choose_password(signup_id: int, at: datetime) -> None:
    """On the progress page, in the browser that signed up."""
    with as_worker():
        signup = SignUp.objects.get(pk=signup_id)
    signups.choose_password(signup, PASSWORD, now=at)


def _state(life: Life) -> str:
    with as_worker():
        return Instance.objects.get(pk=life.instance.pk).state
