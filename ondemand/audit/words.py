"""An entry as a sentence, in the reader's language."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.contrib.admin.models import LogEntry
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ondemand.audit.entries import ERASED, PLATFORM, SOMEBODY
from ondemand.audit.verbs import VERBS
from ondemand.models import AuditEntry
from ondemand.portal import values
from ondemand.portal.tables import percent

Words = Mapping[str, str | Promise]
ROLES: Words = {
    "owner": _("owner"),
    "finance": _("finance"),
    "support": _("support"),
    "billing": _("billing"),
    "technical": _("technical"),
}
LISTS: Words = {
    "customers": _("customers"),
    "instances": _("instances"),
    "commissions": _("commissions"),
    "payments": _("payments"),
    "activity": _("activity"),
}
FACTORS: Words = {
    "totp": _("authenticator app"),
    "webauthn": _("passkey"),
    "recovery_codes": _("recovery codes"),
}
WHY_NOT: Words = {
    "refused": _("the customer refuses support access"),
    "nested": _("in another account already"),
    "often": _("ten times within an hour"),
    "no right": _("the right to it has ended"),
    "used": _("the sign-in was used before"),
    "expired": _("the sign-in had expired"),
    "cancelled": _("a newer sign-in had taken its place"),
    "unknown": _("no such sign-in"),
}
WHY: Words = {
    **WHY_NOT,
    "unpaid": _("an invoice is unpaid"),
    "paid": _("it is paid"),
    "staff": _("by Openbravo"),
    "abuse": _("abuse"),
    "term_ended": _("the subscription has ended"),
}
UNNAMED: Words = {PLATFORM: _("the platform"), SOMEBODY: _("somebody")}
UNKNOWN = "…"


def who(entry: AuditEntry) -> str:
    return entry.actor if entry.actor_id else str(UNNAMED.get(entry.actor, entry.actor))


def what(entry: AuditEntry) -> str:
    return sentence(entry.verb, entry.target, entry.detail)


def sentence(verb: str, target: str, detail: dict[str, Any]) -> str:
    """In plain words; the verb itself where the catalogue knows it no more."""
    if verb not in VERBS:
        return f"{verb} {target}"
    shown = {name: _shown(name, value) for name, value in detail.items()}
    return str(VERBS[verb].words) % defaultdict(lambda: UNKNOWN, shown | {"target": target})


def _shown(name: str, value: Any) -> str:
    return SHOWN[name](value) if name in SHOWN and value != ERASED else str(value)


def label(verb: str) -> str:
    """The verb of no entry in particular, for a choice."""
    return sentence(verb, UNKNOWN, {})


def _in(words: Words) -> Callable[[Any], str]:
    return lambda code: str(words.get(code, code))


def _origins(allowed: list[str]) -> str:
    return ", ".join(allowed) or gettext("nowhere")


def _changes(message: list[dict[str, Any]]) -> str:
    """As Django's admin words what was changed in a form."""
    return str(LogEntry(change_message=json.dumps(message)).get_change_message())


SHOWN: dict[str, Callable[[Any], str]] = {
    "role": _in(ROLES),
    "before": lambda before: values.number(before) if isinstance(before, int) else str(ROLES.get(before, before)),
    "days": values.number,
    "list": _in(LISTS),
    "factor": _in(FACTORS),
    "why": _in(WHY),
    "rate": percent,
    "until": lambda day: values.day_text(date.fromisoformat(day)),
    "ends": lambda day: values.day_text(date.fromisoformat(day)),
    "starts": lambda day: values.day_text(date.fromisoformat(day)),
    "rows": values.number,
    "count": values.number,
    "origins": _origins,
    "changes": _changes,
}
