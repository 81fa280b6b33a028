"""What people do in an instance, counted by UTC day."""

from collections.abc import Mapping
from dataclasses import replace

from ondemand.standins.erp.servers import Actor, Reading, Server, Usage

KEPT_DAYS = 62
NAMES = ("Ana", "Bruno", "Carla", "Diego", "Elena", "Fabio", "Greta", "Hugo", "Irene", "Jon", "Klara", "Luis")


def reading_of(server: Server, day: str, today: str) -> Reading:
    """The day's reading, begun when it is missing; today's is brought up to date first."""
    reading = server.readings.setdefault(day, Reading(Usage(0, 0, server.disk_mb)))
    if day == today:
        reading.usage = Usage(
            named_users=max(reading.usage.named_users, _worked(server.users, day)),
            pos_terminals=max(reading.usage.pos_terminals, _worked(server.terminals, day)),
            disk_mb=server.disk_mb,
        )
    return reading


def record(server: Server, days: Mapping[str, Usage]) -> None:
    """Sets what happened on these days, with as many users and terminals as that takes."""
    for day, usage in sorted(days.items()):
        _enlist(server.users, usage.named_users, day, "User")
        _enlist(server.terminals, usage.pos_terminals, day, "Till")
        acknowledged = server.readings[day].acknowledged if day in server.readings else None
        server.readings[day] = Reading(replace(usage), acknowledged)
        if day == max(server.readings):
            server.disk_mb = usage.disk_mb


def unacknowledged(server: Server) -> list[str]:
    """The days of which the platform does not know all, oldest first."""
    return sorted(day for day, reading in server.readings.items() if reading.usage != reading.acknowledged)


def acknowledge(server: Server, usages: Mapping[str, Usage]) -> None:
    """Notes what was delivered, and forgets delivered days that are long over."""
    for day, usage in usages.items():
        if day in server.readings:
            server.readings[day].acknowledged = usage
    for day in sorted(server.readings)[:-KEPT_DAYS]:
        if server.readings[day].usage == server.readings[day].acknowledged:
            del server.readings[day]


def add(actors: list[Actor], name: str) -> Actor:
    actor = Actor(max((other.id for other in actors), default=0) + 1, name)
    actors.append(actor)
    return actor


def _worked(actors: list[Actor], day: str) -> int:
    return sum(actor.worked_on == day for actor in actors)


def _enlist(actors: list[Actor], count: int, day: str, kind: str) -> None:
    while len(actors) < count:
        add(actors, _next_name(actors, kind))
    for actor in actors[:count]:
        actor.worked_on = max(actor.worked_on or day, day)


def _next_name(actors: list[Actor], kind: str) -> str:
    taken = {actor.name.casefold() for actor in actors}
    free = [name for name in NAMES if name.casefold() not in taken] if kind == "User" else []
    number = len(actors) + 1
    return free[0] if free else f"{kind} {number}"
