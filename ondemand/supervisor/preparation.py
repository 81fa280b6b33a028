"""What is made once: the zones' databases with their history; and what a new version changes in them."""

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
    for zone in zones:
        if not zone.complete.exists():
            zone.begin()
    if not any(place.state.glob("*/history-complete")):
        for file in place.state.glob(f"{place.stripe_file.name}*"):
            file.unlink()
    for folder in (place.mail, place.static):
        folder.mkdir(mode=0o700, exist_ok=True)


def prepare(children: Children, zones: list[Zone]) -> None:
    """Make what is missing and migrate what is old, side by side."""
    stamp = _stamp()
    new = [zone for zone in zones if not zone.complete.exists()]
    old = [zone for zone in zones if zone not in new and _migrated(zone) != stamp]
    for zone in new:
        zone.place.postgres.drop_database(zone.database)
        zone.place.postgres.create_database(zone.database)
    bar = Bar(children.screen, new)
    with children.muted(lambda child: bool(new) and child.level == 1):  # hundreds of boots, all a year ago
        children.run(*(_make(zone, bar) for zone in new), *(_migrate(zone) for zone in old))
    for zone in [*new, *old]:
        write(zone.folder / "migrated", stamp)
    for zone in new:
        write(zone.complete, "")
    for zone in zones:
        zone.webhooks.update(json.loads(zone.webhooks_file.read_text()))


def _make(zone: Zone, bar: Bar) -> Child:
    task = zone.child("history", MANAGE, "demo_zone", "--secrets-file", str(zone.webhooks_file))
    task.heard = lambda line: bar.hear(zone, line)
    return task


def _migrate(zone: Zone) -> Child:
    return zone.child("migrate", MANAGE, "migrate", "--verbosity", "0", "--skip-checks")


def _stamp() -> str:
    """Changes with each migration, ours or a library's."""
    digest = hashlib.sha256((ROOT / "requirements" / "run.txt").read_bytes())
    for file in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _migrated(zone: Zone) -> str:
    file = zone.folder / "migrated"
    return file.read_text() if file.exists() else ""


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
