"""The origins on whose pages a sign-up page may stand in a frame: exact, nothing that a header could be broken with."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from partners.models import ORIGINS_AT_MOST

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
PORT = r"(?::[1-9][0-9]{0,4})?"
HTTPS = re.compile(rf"https://(?=.{{1,253}}\Z){LABEL}(?:\.{LABEL})+{PORT}", re.ASCII)
LOCAL = re.compile(rf"http://localhost{PORT}", re.ASCII)


def read_origins(text: str) -> list[str]:
    """One a line, in the order typed, each once. ValidationError names the first that is none."""
    found = list(dict.fromkeys(_origin(line.strip()) for line in text.splitlines() if line.strip()))
    if len(found) > ORIGINS_AT_MOST:
        raise ValidationError(_("At most %(count)s addresses can be listed.") % {"count": ORIGINS_AT_MOST})
    return found


def _origin(line: str) -> str:
    """As a browser writes it: lower case, international names in ASCII, no default port."""
    origin = _ascii(line.lower().removesuffix("/")).removesuffix(":443")
    if HTTPS.fullmatch(origin) or (not settings.PRODUCTION and LOCAL.fullmatch(origin)):
        return origin
    raise ValidationError(
        _("%(line)s is not the address of a site: https:// and its name, such as https://www.company.example.")
        % {"line": line[:80]}
    )


def _ascii(origin: str) -> str:
    scheme, _slashes, host = origin.partition("://")
    try:
        return f"{scheme}://{host.encode('idna').decode()}"
    except UnicodeError:
        return ""
