"""Enrol a partner from the command line, as the admin does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ondemand import clock
from ondemand.tenancy.context import as_worker
from partners.forms import EnrolmentForm
from partners.services import EnrolmentConflict, enrol_partner


class Command(BaseCommand):
    help = "Enrol a partner: its owner is mailed a link to set a password. Again with the same code: nothing new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="part of the partner's addresses, such as iberia")
        parser.add_argument("name")
        parser.add_argument("owner_email")
        parser.add_argument("--owner-name", default="")
        parser.add_argument("--country", default="ES", help="two capital letters")
        parser.add_argument("--both", action="store_true", help="on the other platform too")

    def handle(self, **options: Any) -> None:
        options["owner_name"] = options["owner_name"] or options["name"]
        form = EnrolmentForm(options)
        if not form.is_valid():
            raise CommandError(
                "; ".join(f"{name}: {' '.join(map(str, errors))}" for name, errors in form.errors.items())
            )
        try:
            with as_worker():
                partner = enrol_partner(form.enrolment, both=options["both"], now=clock.now())
        except EnrolmentConflict as error:
            raise CommandError(str(error)) from error
        with as_worker():
            pages = [campaign.url for campaign in partner.campaigns.select_related("product")]
        self.stdout.write(f"{partner.code}: {partner.name}, {partner.get_peer_state_display()}")
        self.stdout.write("\n".join(pages))
