"""What the demo tells: the READY line, the accounts, and the files in which others look for addresses."""

from __future__ import annotations

import json
from pathlib import Path

from ondemand.running import zone_file
from ondemand.servers import ROOT
from ondemand.supervisor.screen import Screen
from ondemand.supervisor.zones import Place, Zone, write

ENV_FILE = ROOT / ".demo" / "env"
PASSWORD = "ondemand-demo"
ACCOUNTS = (
    ("owner@iberia.example", "eu us", "partner Iberia, owner: sees everything"),
    ("finance@iberia.example", "eu us", "partner Iberia, finance: revenue; customers read-only"),
    ("support@iberia.example", "eu us", "partner Iberia, support: customers and instances, no money"),
    ("owner@nordic.example", "eu", "partner Nordic, owner"),
    ("owner@lonestar.example", "us", "partner Lone Star, owner"),
    ("staff@openbravo.example", "eu us", "Openbravo's staff: /admin/"),
    ("approver@openbravo.example", "eu us", "Openbravo's staff: approves payments in /admin/"),
)


def announce(screen: Screen, place: Place, zones: list[Zone]) -> None:
    ENV_FILE.parent.mkdir(exist_ok=True)
    write(ENV_FILE, "".join(f"{name}={value}\n" for name, value in client_settings(place, zones).items()))
    screen.plain("READY " + " ".join(f"{zone.name} {zone.url}" for zone in zones))
    screen.plain(accounts(zones))


def tell_commands(place: Place, zones: list[Zone]) -> None:
    for zone in zones:
        write(zone_file(place.state, zone.name), json.dumps(zone.settings))


def forget(state: Path) -> None:
    """Nobody shall look for a demo that does not run."""
    for file in (ENV_FILE, *state.glob("env-*.json")):
        file.unlink(missing_ok=True)


def client_settings(place: Place, zones: list[Zone]) -> dict[str, str]:
    """What a client of the running demo needs: addresses, keys, databases."""
    shared = {
        "STRIPE_API_BASE": place.stripe_url,
        "REDIS_URL": zones[0].settings["REDIS_URL"],
        "MAIL_DIR": str(place.mail),
    }
    return shared | {name: value for zone in zones for name, value in _of_zone(zone).items()}


def _of_zone(zone: Zone) -> dict[str, str]:
    settings = zone.settings
    return {
        f"ONDEMAND_{zone.name}_URL": zone.url,
        f"STRIPE_{zone.name}_SECRET_KEY": settings["STRIPE_SECRET_KEY"],
        f"DATABASE_URL_{zone.name}": settings["DATABASE_URL"],
        f"DATABASE_OWNER_URL_{zone.name}": settings["DATABASE_OWNER_URL"],
        f"REDIS_URL_{zone.name}": settings["REDIS_URL"],
        f"PARK_{zone.name}_URL": settings["PARK_URL"],
        f"PARK_{zone.name}_SECRET": settings["PARK_SECRET"],
    }


def accounts(zones: list[Zone]) -> str:
    here = {zone.key for zone in zones}
    rows = [(mail, here & set(where.split()), what) for mail, where, what in ACCOUNTS]
    lines = [f"  {mail:28} {' '.join(sorted(where)).upper():6} {what}" for mail, where, what in rows if where]
    return "\n".join(["", f"Accounts; the password is {PASSWORD}", *lines, "", "Ctrl-C ends the demo."])
