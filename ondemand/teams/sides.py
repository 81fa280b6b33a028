"""What differs between the two sides: whose team, which rows, which roles, which addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from ondemand.teams.changes import Team


@dataclass(frozen=True)
class Side:
    """`prefix` begins the names of its addresses; `landing` is where who has joined goes on.

    `team_of` is asked in the request's scope and reads that tenant's rows alone; `invited_to` says whose an
    invitation is. `owners_only` and `own_seat`, the seat in use, raise PermissionDenied. `kept_as`: the session's
    key for it.
    """

    seats: Any
    invitations: Any
    prefix: str
    landing: str
    kept_as: str
    title: Any
    lead: Any
    roles_help: list[tuple[Any, Any]]
    owners_only: Callable[[HttpRequest], object]
    own_seat: Callable[[HttpRequest], Any]
    team_of: Callable[[HttpRequest], Team]
    invited_to: Callable[[Any], Team]

    @property
    def roles(self) -> list[tuple[str, Any]]:
        return list(self.seats.Role.choices)
