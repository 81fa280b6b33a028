"""States that Stripe gives its objects, and what to do with one that is new to us."""

from __future__ import annotations

from typing import Any


class UnknownState(Exception):
    """The object is in a state that this version does not know; what is known of it stays as it was."""


def must_know_state(model: Any, facts: Any) -> None:
    """Raises UnknownState, which the admin shows with the event."""
    if facts.state not in model.State.values:
        name = model._meta.verbose_name
        raise UnknownState(f'Stripe says that {name} {facts.id} is "{facts.state}", which this version does not know')
