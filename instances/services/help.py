"""Ask for help: a customer's person writes, the partner gets it by mail with what is known of the instance."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from customers import readers
from customers.models import Assignment, Customer, HelpRequest
from instances.models import Instance
from instances.words import read
from ondemand import audit, mail
from ondemand.models import User

A_DAY = 10
SENT_TWICE = timedelta(hours=1)
EVENTS = 8
read_later = lazy(read, str)


class HelpRefused(Exception):
    """The message is for the person."""


def ask(customer: Customer, *, by: User, text: str, instance: Instance | None, now: datetime) -> HelpRequest:
    """Mail it to the partner's support, whose answer goes to the person; the same text within an hour is one request.

    Raises HelpRefused after A_DAY of one person within a day.
    """
    User.objects.select_for_update().get(pk=by.pk)
    name, mine = instance.name if instance else "", HelpRequest.objects.filter(user=by, customer_id=customer.pk)
    if again := mine.filter(text=text, instance=name, created_at__gt=now - SENT_TWICE).first():
        return again
    if mine.filter(created_at__gt=now - timedelta(days=1)).count() >= A_DAY:
        raise HelpRefused(_("Ten questions within a day are the limit. Write to your partner by e-mail instead."))
    keys = {"partner_id": customer.partner_id, "customer_id": customer.pk}
    request = HelpRequest.objects.create(
        **keys,
        assignment=Assignment.objects.get(**keys, until=None),
        user=by,
        who=f"{by.name}, {by.email}" if by.name != by.email else by.email,
        instance=name,
        text=text,
        created_at=now,
    )
    _tell_partner(request, customer, instance, reply_to=by.email, now=now)
    audit.record("help.asked", now=now, actor=by, **keys, target=name or customer.name)
    return request


def _tell_partner(
    request: HelpRequest, customer: Customer, instance: Instance | None, *, reply_to: str, now: datetime
) -> None:
    for to, language in readers.partner(customer.partner_id):
        mail.queue(
            f"help-{request.pk}-{to}",
            template="help_request",
            to=to,
            language=language,
            context={
                "request": request,
                "customer": customer,
                "instance": instance,
                "events": _last_events(instance) if instance else [],
                "url": settings.ONDEMAND_URL + (instance or customer).get_absolute_url(),
            },
            now=now,
            partner_id=customer.partner_id,
            customer_id=customer.pk,
            reply_to=reply_to,
        )


def _last_events(instance: Instance) -> list[tuple[datetime, str]]:
    """In words of the mail's language."""
    found = instance.events.order_by("-at", "-pk").values_list("at", "text")[:EVENTS]
    return [(at, read_later(text)) for at, text in found]
