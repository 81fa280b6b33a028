"""Draft what is payable and propose it; a second member of staff approves in the admin."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ondemand import clock
from ondemand.models import User
from ondemand.money import Money
from ondemand.tenancy.context import as_worker
from payments.services.preparing import propose_all


class Command(BaseCommand):
    help = "Draft payments of what is payable, and propose every draft."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", required=True, metavar="E-MAIL", help="who proposes: a member of staff")

    def handle(self, **options: Any) -> None:
        with as_worker():
            by = User.objects.filter(email__iexact=options["by"], is_staff=True, is_active=True).first()
            if by is None:
                raise CommandError(f"{options['by']} is no member of staff")
            proposed = propose_all(by=by, now=clock.now())
        for payment in proposed:
            self.stdout.write(f"{payment.number}  {Money(payment.amount, payment.currency).format('en')}")
        self.stdout.write(f"{len(proposed)} payments proposed")
