"""What is made once: databases, the history, the webhook endpoints."""

from __future__ import annotations

import hashlib
import json
import re

from ondemand.servers import ROOT
from ondemand.supervisor.children import Child, Children
from ondemand.supervisor.screen import Screen
from ondemand.supervisor.zones import Place, Zone, write

MANAGE = str(ROOT / "manage.py")
PROGRESS = re.compile(r"PROGRESS (\d{1,3}) ?(.*)")


def clear_unfinished(place: Place, zones: list[Zone]) -> None:
    """A zone whose history was broken off begins anew; before anything runs."""
    unfinished = [zone for zone in zones if not zone.complete.exists()]
    for zone in unfinished:
        zone.begin()
    if unfinished and not any(folder.exists() for folder in place.state.glob("*/history-complete")):
        for file in place.state.glob(f"{place.stripe_file.name}*"):
            file.unlink()
    for folder in (place.mail, place.static):
        folder.mkdir(mode=0o700, exist_ok=True)


def migrate(children: Children, zones: list[Zone]) -> None:
    """Side by side, and only what may have changed."""
    stamp = _stamp()
    stale = [zone for zone in zones if _read(zone, "migrated") != stamp]
    for zone in stale:
        _database(zone)
    children.run(*(zone.child("migrate", MANAGE, "migrate", "--verbosity", "0") for zone in stale))
    for zone in stale:
        write(zone.folder / "migrated", stamp)


def _database(zone: Zone) -> None:
    postgres = zone.place.postgres
    if not zone.complete.exists():
        postgres.drop_database(zone.database)
    if not postgres.has_database(zone.database):
        postgres.create_database(zone.database)


def _stamp() -> str:
    """Changes with each migration, ours or a library's."""
    digest = hashlib.sha256((ROOT / "requirements" / "run.txt").read_bytes())
    for file in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _read(zone: Zone, name: str) -> str:
    file = zone.folder / name
    return file.read_text() if file.exists() else ""


def make_history(children: Children, zones: list[Zone]) -> None:
    missing = [zone for zone in zones if not zone.complete.exists()]
    bar = Bar(children.screen, missing)
    tasks = [zone.child("history", MANAGE, "demo_history") for zone in missing]
    for zone, task in zip(missing, tasks, strict=True):
        task.heard = lambda line, zone=zone: bar.hear(zone, line)  # type: ignore[misc]
    children.run(*tasks)
    for zone in missing:
        write(zone.complete, "")


class Bar:
    """One bar for all zones, from the lines `PROGRESS <per cent> <words>` that each one's command prints."""

    def __init__(self, screen: Screen, zones: list[Zone]) -> None:
        self.screen = screen
        self.percent = {zone.name: 0 for zone in zones}
        self.words = {zone.name: "" for zone in zones}

    def hear(self, zone: Zone, line: str) -> bool:
        if not (found := PROGRESS.match(line)):
            return False
        self.percent[zone.name], self.words[zone.name] = min(int(found[1]), 100), found[2]
        words = " · ".join(f"{name} {text}" for name, text in self.words.items() if text)
        self.screen.progress(sum(self.percent.values()) // len(self.percent), words)
        return True


def register_webhooks(children: Children, zones: list[Zone]) -> None:
    """Each zone's own command tells Stripe where to ring, and keeps the signing secrets in a file."""
    children.run(*(_webhooks(zone) for zone in zones if not zone.webhooks_file.exists()))
    for zone in zones:
        zone.webhooks.update(json.loads(zone.webhooks_file.read_text()))


def _webhooks(zone: Zone) -> Child:
    return zone.child("webhooks", MANAGE, "stripe_webhooks", "--secrets-file", str(zone.webhooks_file))
