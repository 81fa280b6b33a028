"""The README's pictures, taken from the running demo as its people see it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from customers.models import Customer, Person
from ondemand.accounts import set_password_url
from ondemand.demo.people import PASSWORD
from ondemand.demo.small_png import small_png
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PARTNER = {"EU": "owner@iberia.example", "US": "owner@lonestar.example"}
COMPANY = {
    "EU": {"Company": "Librería Luna", "Your name": "Elena Luna", "E-mail": "elena@luna.example", "Country": "ES"},
    "US": {"Company": "Moon Books", "Your name": "Ellen Moon", "E-mail": "ellen@moon.example", "Country": "US"},
}
CARD = {"Card number": "4242424242424242", "Expires": "12/34", "Security code": "123", "Name on card": "Elena Luna"}
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SECONDS = 60


@dataclass(frozen=True)
class Studio:
    """Opens windows on the zone, and writes what they show to `folder`."""

    browser: Browser
    folder: Path

    @cached_property
    def darkroom(self) -> Page:
        """An empty page, where a script may work on what was taken."""
        return self.browser.new_page()

    def window(self, *, size: dict[str, int] = WIDE, dark: bool = False) -> Page:
        options: dict[str, Any] = {"viewport": size, "color_scheme": "dark" if dark else "light"}
        context = self.browser.new_context(base_url=settings.ONDEMAND_URL, locale="en-GB", **options)
        context.set_default_timeout(SECONDS * 1000)
        return context.new_page()

    def take(self, page: Page, name: str) -> Path:
        page.wait_for_load_state("networkidle")
        file = self.folder / f"{name}.png"
        shot = page.screenshot(animations="disabled", caret="hide")
        file.write_bytes(small_png(self.darkroom, shot))
        return file


@dataclass(frozen=True)
class Owner:
    """Of a customer's account; `link` leads to the choice of a password."""

    email: str
    link: str


def best_customer() -> Owner:
    """The owner at the customer that paid most. Ask before a browser runs: Django then reads no rows."""
    with as_worker():
        best = Customer.objects.filter(state=Customer.State.PAID).order_by("-paid").first()
        owner = Person.objects.select_related("user").filter(customer=best, role=Person.Role.OWNER).get().user
    with tenant(Scope(Role.AUTH)):
        return Owner(owner.email, set_password_url(owner))


def take_all(studio: Studio, customer: Owner) -> Iterator[Path]:
    """One picture after the other. Registers a customer of its own, and chooses the other one's password."""
    yield from _partner(studio)
    for suffix, window in (("dark", {"dark": True}), ("390", {"size": NARROW})):
        page = studio.window(**window)
        sign_in(page, PARTNER[settings.ZONE])
        for name in ("dashboard", "customers"):
            page.goto(f"/{name}/")
            yield studio.take(page, f"{name}-{suffix}")
    yield from _sign_up(studio)
    yield _account(studio, customer)


def sign_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(r"^(?!.*/accounts/login/)"))


LISTS = (
    ("customers", "customer", "?sort=-invoiced"),
    ("instances", "instance", "?state=running&sort=-price"),
    ("commissions", "commission", "?sort=-amount"),
    ("payments", "payment", "?state=paid"),
)


def _partner(studio: Studio) -> Iterator[Path]:
    """The Dashboard, each list, and the first row of it."""
    page = studio.window()
    sign_in(page, PARTNER[settings.ZONE])
    page.goto("/dashboard/")
    yield studio.take(page, "dashboard")
    for many, one, sorted_by in LISTS:
        page.goto(f"/{many}/{sorted_by}")
        yield studio.take(page, many)
        page.locator("tbody tr th a, tbody tr td a").first.click()
        page.wait_for_url(re.compile(rf"/{many}/\d+/"))
        yield studio.take(page, one)
    page.goto("/sign-up-pages/")
    yield studio.take(page, "sign-up-pages")


def _sign_up(studio: Studio) -> Iterator[Path]:
    """A company registers, pays, and sees its instance boot."""
    page = studio.window()
    page.goto(_open_page())
    company = dict(COMPANY[settings.ZONE])
    page.get_by_label("Country").select_option(company.pop("Country"))
    mark = secrets.token_hex(2)
    company["E-mail"] = company["E-mail"].replace("@", f"+{mark}@")
    for label, value in (company | {"Username": f"luna-{mark}"}).items():
        page.get_by_label(label).fill(value)
    page.get_by_label("I accept the terms").check()
    yield studio.take(page, "sign-up")
    page.wait_for_timeout(3000)  # as a person does: what comes back sooner is taken for a program's
    page.get_by_role("button", name="Continue to the card").click()
    for label, value in CARD.items():
        page.get_by_label(label).fill(value)
    yield studio.take(page, "checkout")
    page.get_by_role("button", name="Subscribe and pay").click()
    page.wait_for_url(re.compile("/signup/progress/"))
    page.wait_for_timeout(4000)  # some of the boot's steps are done then, some are not
    yield studio.take(page, "progress")


def _open_page() -> str:
    code = PARTNER[settings.ZONE].partition("@")[2].partition(".")[0]
    return f"/signup/{code}-retail/"


def _account(studio: Studio, customer: Owner) -> Path:
    page = studio.window()
    page.goto(customer.link)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Change Password").click()
    page.wait_for_url("**/done/")
    sign_in(page, customer.email)
    page.goto("/account/")
    return studio.take(page, "account")
