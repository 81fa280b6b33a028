"""Who takes part in the demo's history: products, partners and their people, customers. Invented, all of them."""

from __future__ import annotations

from dataclasses import dataclass

from partners.services import PlanOffer

VISA, MASTERCARD, SPANISH, GERMAN = "4242424242424242", "5555555555554444", "4000007240000007", "4000002760000016"
DECLINED, FAILS_LATER = "4000000000000002", "4000000000000341"


@dataclass(frozen=True)
class ProductOffer:
    """`launched`: how many days ago it was added."""

    code: str
    name: str
    description: str
    retail: bool
    launched: int
    plans: tuple[PlanOffer, ...]


@dataclass(frozen=True)
class Colleague:
    email: str
    name: str
    role: str


@dataclass(frozen=True)
class Enrolled:
    """A partner; `since`: enrolled so many days ago. `iban`: what is typed at Stripe, any account number."""

    code: str
    name: str
    country: str
    zones: tuple[str, ...]
    since: int
    iban: dict[str, str]
    owner: Colleague
    colleagues: tuple[Colleague, ...] = ()


@dataclass(frozen=True)
class Company:
    """A customer. `joined`: signed up so many days ago. Counts are those of an ordinary working day at first,
    `growth` in per cent a month; `story` is what happens to it beside its ordinary life; `known`: its owner has the
    demo's password."""

    partner: str
    offer: str  # product/plan
    name: str
    contact: str
    email: str
    username: str
    country: str
    joined: int
    users: int
    growth: int = 4
    disk_gb: int = 6
    terminals: int = 0
    vat: str = ""
    card: str = VISA
    story: str = ""
    known: bool = False


SUITE_TEXT = "ERP for trade, distribution and services: sales, purchasing, stock and accounting in one place."
RETAIL_TEXT = "Stores and head office on one system, with web POS terminals that work offline."
PRODUCTS = (
    ProductOffer(
        "obps",
        "Openbravo Business Suite",
        SUITE_TEXT,
        retail=False,
        launched=364,
        plans=(
            PlanOffer("starter", "Starter", 4900, 1900, 50, included_users=2, included_gb=10),
            PlanOffer("business", "Business", 14900, 1600, 45, included_users=8, included_gb=50),
            PlanOffer("enterprise", "Enterprise", 39900, 1300, 40, included_users=25, included_gb=200),
        ),
    ),
    ProductOffer(
        "retail",
        "Openbravo for Retail",
        RETAIL_TEXT,
        retail=True,
        launched=330,
        plans=(
            PlanOffer("shop", "Shop", 7900, 1500, 50, 2500, included_users=2, included_terminals=1, included_gb=10),
            PlanOffer("chain", "Chain", 24900, 1400, 45, 2200, included_users=6, included_terminals=4, included_gb=50),
        ),
    ),
)
PARTNERS = (
    Enrolled(
        "iberia",
        "Iberia Business Systems",
        "ES",
        ("EU", "US"),
        since=363,
        iban={"EU": "ES9121000418450200051332", "US": "ES9121000418450200051332"},
        owner=Colleague("owner@iberia.example", "Marta Iglesias", "owner"),
        colleagues=(
            Colleague("support@iberia.example", "Jorge Peña", "support"),
            Colleague("finance@iberia.example", "Lucía Ferrer", "finance"),
        ),
    ),
    Enrolled(
        "nordic",
        "Nordic Retail Partners",
        "SE",
        ("EU",),
        since=352,
        iban={"EU": "SE4550000000058398257466"},
        owner=Colleague("owner@nordic.example", "Astrid Lindqvist", "owner"),
    ),
    Enrolled(
        "lonestar",
        "Lone Star Consulting",
        "US",
        ("US",),
        since=360,
        iban={"US": "000123456789"},
        owner=Colleague("owner@lonestar.example", "Dale Whitaker", "owner"),
    ),
)
