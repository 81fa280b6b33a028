"""Who is mailed about a customer: its people who meet money, and of the partner's support or who meets amounts.

Each as address and language.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from customers.models import Customer, Person
from ondemand import mail
from ondemand.digests import digest
from partners.models import Member, Partner

Readers = list[tuple[str, str]]
MEET_MONEY = (Person.Role.OWNER, Person.Role.BILLING)


def people(customer_id: int) -> Readers:
    return _people(customer_id, *MEET_MONEY)


def billing(customer: Customer) -> Readers:
    """Who has the role billing, or else the owners; without any, the contact."""
    found = _people(customer.pk, Person.Role.BILLING) or _people(customer.pk, Person.Role.OWNER)
    return found or ([] if customer.erased_at else [(customer.contact_email, settings.LANGUAGE_CODE)])


def _people(customer_id: int, *roles: str) -> Readers:
    found = Person.objects.filter(customer_id=customer_id, role__in=roles, active=True).order_by("pk")
    return list(found.values_list("user__email", "user__language"))


def partner(partner_id: int) -> Readers:
    """The support's address, in the language of an owner; without one, the owners'."""
    owners = _members(partner_id, Member.Role.OWNER)
    support = Partner.objects.values_list("support_email", flat=True).get(pk=partner_id)
    return [(support, owners[0][1] if owners else settings.LANGUAGE_CODE)] if support else owners


def partner_money(partner_id: int) -> Readers:
    """Finance members, or else the owners: who is of support meets no amounts (design.md section 2)."""
    return _members(partner_id, Member.Role.FINANCE) or _members(partner_id, Member.Role.OWNER)


def _members(partner_id: int, role: str) -> Readers:
    found = Member.objects.filter(partner_id=partner_id, role=role, active=True).order_by("pk")
    return list(found.values_list("user__email", "user__language"))


def tell_both(
    key: str, customer: Customer, *, template: str, context: dict[str, Any], now: datetime, amounts: bool = False
) -> None:
    """The same mail, once by its key; `for_partner` and the address in `url` tell the readers apart.

    With `amounts` it is for those alone who meet them.
    """
    own = billing(customer) if amounts else people(customer.pk)
    tell(key, customer, own, for_partner=False, template=template, context=context, now=now)
    theirs = partner_money(customer.partner_id) if amounts else partner(customer.partner_id)
    tell(key, customer, theirs, for_partner=True, template=template, context=context, now=now)


def tell(
    key: str,
    customer: Customer,
    readers: Readers,
    *,
    for_partner: bool,
    template: str,
    context: dict[str, Any],
    now: datetime,
) -> None:
    """To one side; what the customer answers goes to the partner's support."""
    path = customer.get_absolute_url() if for_partner else "/account/"
    for to, language in readers:
        mail.queue(
            f"{key}-{'partner' if for_partner else 'customer'}-{digest(to)[:16]}",
            template=template,
            to=to,
            language=language,
            context={"customer": customer, **context, "for_partner": for_partner, "url": settings.ONDEMAND_URL + path},
            now=now,
            partner_id=customer.partner_id,
            customer_id=customer.pk,
            reply_to="" if for_partner else customer.partner.support_email,
        )
