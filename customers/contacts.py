"""Whom of a customer's to write to about money, and one mail to them and to their partner."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from customers.models import Customer, Person
from ondemand import mail
from ondemand.digests import digest
from partners.contacts import Contacts


def billing_contacts(customer: Customer) -> Contacts:
    """People with the role billing, or else the owners; without any, the contact."""
    people = Person.objects.filter(customer=customer, active=True, user__is_active=True).order_by("pk")
    for role in (Person.Role.BILLING, Person.Role.OWNER):
        if found := list(people.filter(role=role).values_list("user__email", "user__language")):
            return found
    return [] if customer.erased_at else [(customer.contact_email, settings.LANGUAGE_CODE)]


def tell(
    key: str, *, template: str, customer: Customer, partners: Contacts, context: dict[str, Any], now: datetime
) -> None:
    """One mail to the billing contacts, whose answers go to the partner's support, and to these of the partner's.

    Their words differ by `for_partner`; `account_url` and `customer_url` are where each sees more.
    """
    readers = [(to, language, False) for to, language in billing_contacts(customer)]
    readers += [(to, language, True) for to, language in partners]
    for to, language, for_partner in readers:
        mail.queue(
            f"{key}-{'partner' if for_partner else 'customer'}-{digest(to)[:16]}",
            template=template,
            to=to,
            language=language,
            context=context
            | {
                "company": customer.name,
                "for_partner": for_partner,
                "account_url": f"{settings.ONDEMAND_URL}/account/",
                "customer_url": settings.ONDEMAND_URL + customer.get_absolute_url(),
            },
            now=now,
            partner_id=customer.partner_id,
            customer_id=customer.pk,
            reply_to="" if for_partner else customer.partner.support_email,
        )
