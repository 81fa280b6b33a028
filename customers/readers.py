"""Who is mailed about a customer: its people who meet money, and the partner's support. Addresses and languages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from customers.models import Customer, Person
from ondemand import mail
from partners.models import Member, Partner

MEET_MONEY = (Person.Role.OWNER, Person.Role.BILLING)


def people(customer_id: int) -> list[tuple[str, str]]:
    found = Person.objects.filter(customer_id=customer_id, role__in=MEET_MONEY, active=True).order_by("pk")
    return list(found.values_list("user__email", "user__language"))


def partner(partner_id: int) -> list[tuple[str, str]]:
    """The support's address, in the language of an owner; without one, the owners'."""
    owners = Member.objects.filter(partner_id=partner_id, role=Member.Role.OWNER, active=True).order_by("pk")
    known = list(owners.values_list("user__email", "user__language"))
    support = Partner.objects.values_list("support_email", flat=True).get(pk=partner_id)
    return [(support, known[0][1] if known else settings.LANGUAGE_CODE)] if support else known


def tell_both(key: str, customer: Customer, *, template: str, context: dict[str, Any], now: datetime) -> None:
    """The same mail, once by its key; `for_partner` and the address in `url` tell the readers apart."""
    own = {"for_partner": False, "url": f"{settings.ONDEMAND_URL}/account/"}
    theirs = {"for_partner": True, "url": settings.ONDEMAND_URL + customer.get_absolute_url()}
    addressed = [(own, people(customer.pk)), (theirs, partner(customer.partner_id))]
    for side, readers in addressed:
        for to, language in readers:
            mail.queue(
                f"{key}-{'partner' if side['for_partner'] else 'customer'}-{to}",
                template=template,
                to=to,
                language=language,
                context={"customer": customer, **context, **side},
                now=now,
                partner_id=customer.partner_id,
                customer_id=customer.pk,
            )
