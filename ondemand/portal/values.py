"""How a single value looks on a screen. Each function gives text, or HTML whose parts are escaped."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import get_language, to_locale

from ondemand.money import Money

TONES: Final = frozenset({"good", "warn", "bad", "info", "calm"})
NOTHING: Final = "—"
# A browser's name is followed by that of whom it is like: the order counts.
BROWSERS: Final = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS: Final = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def money(amount: int, currency: str) -> str:
    """`amount` in minor units."""
    return Money(amount, currency).format(get_language() or "en")


def number(value: Any) -> str:
    """Grouped as amounts of money are."""
    return format_decimal(value, locale=_locale(get_language()))


def day(value: date) -> SafeString:
    """A day; of an instant, its day in the current time zone."""
    if isinstance(value, datetime):
        value = localtime(value).date()
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), day_text(value))


def day_text(value: date) -> str:
    return _day_text(value, get_language())


@lru_cache(maxsize=2_000)
def _day_text(value: date, language: str | None) -> str:
    return format_date(value, "medium", locale=_locale(language))


def month(value: date) -> str:
    """Its month and year, in words."""
    return str(format_skeleton("yMMMM", value, locale=_locale(get_language())))


@lru_cache
def _locale(language: str | None) -> Locale:
    return Locale.parse(to_locale(language or "en"))


def instant(value: datetime) -> SafeString:
    """Day and minute in the current time zone, whose name is in the tooltip."""
    here, language = localtime(value), get_language()
    return format_html(
        '<time datetime="{}" title="{}">{} {}</time>',
        value.isoformat(),
        here.tzname() or "",
        _day_text(here.date(), language),
        format_time(here, "short", locale=_locale(language)),
    )


def badge(text: Any, tone: str = "calm") -> SafeString:
    """`tone` is one of TONES."""
    return format_html('<span class="badge dot {}">{}</span>', tone if tone in TONES else "calm", capfirst(text))


def link(url: str, text: Any) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)


def mail(address: str) -> SafeString:
    return format_html('<a href="mailto:{}">{}</a>', address, breakable(address))


def breakable(address: str) -> SafeString:
    """An e-mail address, whose line may break behind the @."""
    name, at, host = address.partition("@")
    return format_html("{}{}<wbr>{}", name, at, host)


def browser(user_agent: str) -> str:
    """The browser and the system that it says it is; of another program its own first words."""
    name, system = (next((said for sign, said in known if sign in user_agent), "") for known in (BROWSERS, SYSTEMS))
    return " · ".join(filter(None, [name, system])) or user_agent[:40] or NOTHING


def site(url: str) -> SafeString | str:
    """A link to another site, shown without its scheme; what is no web address stays text."""
    if not url.startswith(("https://", "http://")):
        return url
    shown = url.partition("://")[2].rstrip("/")
    return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', url, shown)


def icon(name: str) -> SafeString:
    """A symbol of static/img/icons.svg, hidden from screen readers: words stand beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>', _sprite(), name
    )


@lru_cache
def _sprite() -> str:
    return static("img/icons.svg")
