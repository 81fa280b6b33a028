"""Add a product with its plans: every partner gets a campaign for it."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ondemand import clock
from ondemand.tenancy.context import as_worker
from partners.models import CODE, PRODUCT_CODE, Campaign
from partners.services import PlanOffer, add_product, sync_catalogue


def plan(text: str) -> PlanOffer:
    """code:name:base:per user:per GB[:per terminal], prices in minor units."""
    code, name, *prices = text.split(":")
    if len(prices) not in (3, 4) or not all(price.isdecimal() for price in prices):
        raise argparse.ArgumentTypeError(f"{text!r}: code:name:base:per user:per GB[:per terminal], prices in cents")
    CODE(code)
    base, per_user, per_gb, per_terminal = [*map(int, prices), 0][:4]
    return PlanOffer(code, name, base, per_user, per_gb, per_terminal)


class Command(BaseCommand):
    help = "Add a product and its plans; a campaign is made for every partner. Again: nothing new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code")
        parser.add_argument("name")
        parser.add_argument("--description", default="")
        parser.add_argument("--retail", action="store_true", help="it has POS terminals")
        parser.add_argument("--plan", action="append", type=plan, required=True, help=plan.__doc__)

    def handle(self, **options: Any) -> None:
        try:
            PRODUCT_CODE(options["code"])
        except ValidationError as error:
            raise CommandError(f"code {options['code']!r}: {' '.join(error.messages)}") from error
        with as_worker():
            product = add_product(
                code=options["code"],
                name=options["name"],
                description=options["description"],
                retail=options["retail"],
                plans=options["plan"],
                now=clock.now(),
            )
        sync_catalogue()
        with as_worker():
            count = Campaign.objects.filter(product=product).count()
        self.stdout.write(f"{product.name}: {count} campaigns")
