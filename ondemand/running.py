"""The environment of a command: the running demo's if it is given no database; before settings are read."""

from __future__ import annotations

import json
import os
import sys
import warnings
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from ondemand.servers.processes import state_dir

ZONES = ("EU", "US")
WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "compilemessages",
    "help",
    "makemessages",
    "makemigrations",
    "version",
}
PLACEHOLDERS = {"ONDEMAND_ENV": "test", "DATABASE_URL": "postgresql:///nothing?host=/nowhere"}
PLACEHOLDERS |= {"STRIPE_API_BASE": "http://127.0.0.1:9"}
NO_DEMO = (
    "No demo of this clone is running, and DATABASE_URL is not set. "
    "Start `python3 manage.py demo` in another terminal, or set DATABASE_URL."
)


def prepare(argv: list[str]) -> list[str]:
    """The command's arguments without `--zone X`; os.environ then says where it works."""
    zone, rest = take_zone(argv)
    command = rest[1] if len(rest) > 1 else "help"
    if "DATABASE_URL" in os.environ:
        _agree(zone)
    elif command in WITHOUT_DATABASE or command.startswith("-"):
        os.environ.update(PLACEHOLDERS)
        warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
    else:
        os.environ.update(zone_environment(zone or "EU"))
    return rest


def take_zone(argv: list[str]) -> tuple[str, list[str]]:
    for index, argument in enumerate(argv):
        if argument == "--zone" or argument.startswith("--zone="):
            _, equals, value = argument.partition("=")
            after = index + 1 if equals else index + 2
            zone = (value if equals else " ".join(argv[index + 1 : after])).upper()
            if zone not in ZONES:
                sys.exit(f"--zone {zone}: choose one of {', '.join(ZONES)}")
            return zone, argv[:index] + argv[after:]
    return "", argv


def _agree(zone: str) -> None:
    here = os.environ.get("ONDEMAND_ZONE", "EU")
    if zone and zone != here:
        sys.exit(f"--zone {zone}: DATABASE_URL is set, and ONDEMAND_ZONE says {here}")


def zone_environment(zone: str) -> dict[str, str]:
    """What the supervisor gave the zone's own processes."""
    state = state_dir()
    if not demo_runs(state):
        sys.exit(NO_DEMO)
    try:
        values: dict[str, str] = json.loads(zone_file(state, zone).read_text())
    except FileNotFoundError:
        sys.exit(f"The running demo has no zone {zone} yet: wait for READY, or start it with --zones eu us.")
    return values


def zone_file(state: Path, zone: str) -> Path:
    return state / f"env-{zone}.json"


def demo_runs(state: Path) -> bool:
    """The supervisor holds the lock as long as it lives, however it ends."""
    try:
        with (state / "lock").open() as lock:
            flock(lock, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
