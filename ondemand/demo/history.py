"""The driver: a year of a zone, by the product's own services and in their order, up to now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random

from django.conf import settings

from ondemand import clock
from ondemand.demo import people
from ondemand.demo.cast import PARTNERS, PRODUCTS, Company, Enrolled, ProductOffer
from ondemand.demo.companies import ABANDONED, COMPANIES
from ondemand.demo.lives import DAY, SECOND, Lives
from ondemand.demo.outside import Park, Stripe
from ondemand.demo.payday import Oddity, Payday
from ondemand.demo.stories import Stories
from ondemand.demo.sweeps import send_mails, sweep
from ondemand.demo.timeline import Timeline
from ondemand.tenancy.context import as_worker
from partners import services as partners
from partners.models import Member, Partner

LENGTH, HALF = timedelta(days=365), timedelta(days=15)  # of a year, of the time between paydays
HOUR = timedelta(hours=1)
FAILED, AGAIN, CANCELLED = 1, 2, 3  # how many paydays before the last


class History:
    """`length` before `end`. The clocks outside stand at `end` afterwards and go on in real time."""

    def __init__(self, end: datetime, length: timedelta = LENGTH, companies: Sequence[Company] | None = None) -> None:
        self.zone, self.end, self.begin = settings.ZONE, end, end - length
        self.companies = COMPANIES[self.zone] if companies is None else companies
        self.rng = Random(self.zone)
        self.stripe = Stripe(settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY)
        self.park = Park(settings.PARK_URL, settings.PARK_SECRET)
        self.timeline = Timeline(self.stripe, self.begin, end)

    def make(self, told: Callable[[int, datetime], None]) -> None:
        self.park.set(boot_seconds=0, send_heartbeats=False)
        with as_worker():
            staff, approver = people.make_staff()
        self.lives = Lives(self.timeline, self.stripe, self.park, self.rng)
        self.stories = Stories(self.lives, self.timeline, staff)
        self._plan_catalogue()
        self._plan_customers()
        self._plan_sweeps()
        self._plan_paydays(Payday(self.timeline, self.stripe, staff, approver))
        self.timeline.run(told)
        self._hand_over()

    def _hand_over(self) -> None:
        """Both clocks and the instances go on by themselves; the treasury takes what became available meanwhile."""
        self.stripe.move_to(clock.now())
        self.stripe.pay_out_balance(settings.ZONE_CURRENCY)
        self.park.move_to(None)
        self.park.set(boot_seconds=None, send_heartbeats=None, boots=None)
        sweep(clock.now())

    def _ago(self, days: int, hour: int = 9) -> datetime:
        """That business day at that hour and some minutes; today and yesterday some hours ago."""
        if days < 2:
            return self.end - days * DAY - 3 * HOUR
        day = clock.business_day(self.end - days * DAY)
        return max(self.begin, clock.midnight(day) + hour * HOUR + self.rng.randrange(3000) * SECOND)

    def _plan_catalogue(self) -> None:
        for product in PRODUCTS:
            self.timeline.plan(self._ago(product.launched, 8), partial(_launch, product))
        for partner in PARTNERS:
            if self.zone in partner.zones:
                self.timeline.plan(self._ago(partner.since), partial(self._enrol, partner))

    def _enrol(self, partner: Enrolled, now: datetime) -> None:
        """In both zones at once: the one tells the other when both run."""
        both = bool(settings.PEER_URL) and partner.zones[:1] == (self.zone,) and len(partner.zones) > 1
        with as_worker():
            enrolment = partners.Enrolment(
                partner.code, partner.name, partner.country, partner.owner.email, partner.owner.name
            )
            row = partners.enrol_partner(enrolment, both=both, now=now)
            people.set_password(Member.objects.select_related("user").get(partner=row).user)
            for colleague in partner.colleagues:
                member = partners.add_member(
                    row, email=colleague.email, name=colleague.name, role=colleague.role, now=now
                )
                people.set_password(member.user)
        send_mails(now)
        self.timeline.plan(now + DAY, partial(self._open_account, partner, row))

    def _open_account(self, partner: Enrolled, row: Partner, now: datetime) -> None:
        back = f"{settings.ONDEMAND_URL}/payments/"
        page = partners.open_bank_account(row, email=partner.owner.email, return_url=back, now=now)
        self.stripe.onboard(page, account_number=partner.iban[self.zone], holder=partner.name)
        with as_worker():
            account = row.bank_accounts.get(replaced_at=None)
            partners.sync_bank_account(account.stripe_id, now=now)

    def _plan_customers(self) -> None:
        for company in self.companies:
            at = self._ago(company.joined, self.rng.randrange(9, 18))
            self.timeline.plan(at, partial(self._join, company))
        for company in ABANDONED[self.zone]:
            at = self._ago(company.joined, self.rng.randrange(9, 18))
            self.timeline.plan(at, partial(self.lives.abandon, company))

    def _join(self, company: Company, now: datetime) -> None:
        life = self.lives.register(company, now)
        self.stories.begin(life, now + 85 * SECOND)

    def _plan_sweeps(self) -> None:
        """Halfway between paydays, each of which begins with one; Stripe keeps events for thirty days."""
        for at in (*(payday - HALF for payday in self._paydays()), self.end - 20 * DAY):
            self.timeline.plan(at, sweep)
        self.timeline.plan(self.end, self.lives.report_all)

    def _plan_paydays(self, payday: Payday) -> None:
        """One a month, and in the last days one of each state that lasts; by distance from the end, so that
        there is enough to pay whatever day it is."""
        first, other = ("iberia", "nordic") if self.zone == "EU" else ("lonestar", "iberia")
        odd = {FAILED: Oddity(fails=other), AGAIN: Oddity(later=first), CANCELLED: Oddity(cancels=first)}
        for number, at in enumerate(self._paydays()):
            self.timeline.plan(at, partial(payday.usual, odd.get(number, Oddity())))
        self.timeline.plan(self.end - 9 * DAY, partial(payday.short_of_money, waits=first))
        self.timeline.plan(self.end - 2 * HOUR, partial(payday.propose, of=first))

    def _paydays(self) -> list[datetime]:
        """The latest first."""
        last = clock.business_day(self.end - 34 * DAY)
        days = (clock.midnight(clock.months_after(last, -n)) + 10 * HOUR for n in range(12))
        return [at for at in days if at > self.begin]


def _launch(product: ProductOffer, now: datetime) -> None:
    with as_worker():
        partners.add_product(
            code=product.code,
            name=product.name,
            description=product.description,
            retail=product.retail,
            plans=list(product.plans),
            now=now,
        )
    partners.sync_catalogue()
