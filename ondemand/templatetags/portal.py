"""How templates draw single values: {% icon %}, {% badge %}, and filters for money, days and instants."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.safestring import SafeString

from ondemand.portal import values

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    return values.icon(name)


@register.simple_tag
def badge(text: Any, tone: str = "calm") -> SafeString:
    return values.badge(text, tone)


@register.filter
def money(amount: Any, currency: str = "") -> str:
    """`amount` is a Money, or minor units with the currency as argument."""
    if amount is None or amount == "":
        return values.NOTHING
    return values.money(amount, currency) if currency else str(amount)


@register.filter
def number(value: Any) -> str:
    return values.NOTHING if value is None else values.number(value)


@register.filter
def day(value: date | None) -> str:
    return values.day(value) if value else values.NOTHING


@register.filter
def day_text(value: date) -> str:
    """For mails, which hold no markup."""
    return values.day_text(value)


@register.filter
def instant(value: datetime | None) -> str:
    return values.instant(value) if value else values.NOTHING


@register.filter
def browser(user_agent: str) -> str:
    return values.browser(user_agent)


@register.filter
def site(url: str) -> str:
    return values.site(url) if url else values.NOTHING
