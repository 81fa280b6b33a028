"""Write the commissions that paid lines and refunds lack, as beat does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from commissions.services.accrual import accrue
from ondemand import clock


class Command(BaseCommand):
    help = "Write the commissions that are missing. Again: nothing new."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"{accrue(now=clock.now())} commissions written")
