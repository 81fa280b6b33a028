"""The bodies of the control API, read strictly: what is missing, wrong or not known is refused by name."""

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ondemand.standins.erp import boots
from ondemand.standins.erp.errors import Refused
from ondemand.standins.erp.servers import ReasonPage, Server, Usage, Visitor

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
MOST = 1_000_000
MOST_DAYS = 400
T = TypeVar("T")
Reader = Callable[[str, Any], Any]


def bad(field: str, rule: str) -> Refused:
    return Refused("bad_field", f"{field} {rule}.")


def text(field: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 1000:
        raise bad(field, "must be a text of 1 to 1000 characters")
    return value


def optional_text(field: str, value: Any) -> str:
    return "" if value is None or value == "" else text(field, value)


def host_name(field: str, value: Any) -> str:
    if not NAME.fullmatch(text(field, value)):
        raise bad(field, "must be a host name: up to 63 of a-z, 0-9 and inner hyphens")
    return str(value)


def url(field: str, value: Any) -> str:
    try:
        address = urlsplit(text(field, value))
        valid = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise bad(field, "must be an address that begins with http:// or https://")
    return str(value)


def whole(field: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST:
        raise bad(field, f"must be a whole number from 0 to {MOST}")
    return value


def flag(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise bad(field, "must be true or false")
    return value


def seconds(field: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 86400:
        raise bad(field, "must be a number of seconds from 0 to 86400")
    return float(value)


def interval(field: str, value: Any) -> float:
    if seconds(field, value) < 0.05:
        raise bad(field, "must be at least 0.05 seconds")
    return float(value)


def day(field: str, value: Any) -> str:
    try:
        if date.fromisoformat(value).isoformat() == value:
            return str(value)
    except (TypeError, ValueError):
        pass
    raise bad(field, "must be a day such as 2026-01-31")


def moment(field: str, value: Any) -> datetime:
    """An ISO 8601 instant with its offset."""
    try:
        read = datetime.fromisoformat(value)
        if read.tzinfo is not None and 2000 <= read.year <= 2100:
            return read.astimezone(UTC)
    except (TypeError, ValueError):
        pass
    raise bad(field, "must be an instant such as 2026-01-31T08:00:00Z")


def one_of(*choices: str) -> Reader:
    def read(field: str, value: Any) -> str:
        if value not in choices:
            raise bad(field, f"must be one of {', '.join(choices)}")
        return str(value)

    return read


def nullable(read: Callable[[str, Any], T]) -> Callable[[str, Any], T | None]:
    return lambda field, value: None if value is None else read(field, value)


def fields(data: Mapping[str, Any], required: Mapping[str, Reader], optional: Mapping[str, Reader]) -> dict[str, Any]:
    """The fields of a body, read; the optional ones only where given."""
    for name in data:
        if name not in required and name not in optional:
            raise Refused("unknown_field", f"{name} is not a field of this call.")
    for name in required:
        if name not in data:
            raise bad(name, "is missing")
    return {name: (required.get(name) or optional[name])(name, value) for name, value in data.items()}


def new_server(uuid: str, data: Mapping[str, Any], created_at: str) -> Server:
    if not UUID.fullmatch(uuid):
        raise bad("The server's id", "must be a UUID in lower case")
    required = dict.fromkeys(("product", "edition", "activation_key", "heartbeat_key"), text)
    optional = dict.fromkeys(("login_secret", "owner_email", "owner_username", "company"), optional_text)
    read = fields(data, {"name": host_name, "heartbeat_url": url, **required}, optional)
    defaults = dict.fromkeys(optional, "") | {"login_secret": secrets.token_urlsafe(32)}
    return Server(id=uuid, created_at=created_at, **{**defaults, **{name: v for name, v in read.items() if v}})


def reason_page(data: Mapping[str, Any]) -> ReasonPage | None:
    given = fields(data, {}, {"reason_page": lambda field, value: value}).get("reason_page")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise bad("reason_page", "must be an object")
    names = ("why", "how_to_pay", "whom_to_ask")
    read = fields(given, {}, dict.fromkeys(names, optional_text))
    return ReasonPage(**{name: read.get(name, "") for name in names})


def settings(data: Mapping[str, Any]) -> dict[str, Any]:
    readers: dict[str, Reader] = {
        "boot_seconds": nullable(seconds),
        "heartbeat_seconds": nullable(interval),
        "send_heartbeats": nullable(flag),
        "boots": nullable(one_of("normal", "slow", "fail")),
        "fail_at": nullable(one_of(*boots.STEP_NAMES)),
        "times": nullable(whole),
    }
    read = fields(data, {}, readers)
    if read.get("boots") == "fail":
        read = {"fail_at": None, "times": None} | read
    return read


def usages(data: Mapping[str, Any], today: str, retail: bool) -> dict[str, Usage]:
    """The usage by day, none of it after today."""
    return dict(_usage(entry, today, retail) for entry in _list("days", fields(data, {"days": _list}, {})["days"]))


def days(data: Mapping[str, Any], today: str) -> list[str]:
    given = fields(data, {}, {"days": nullable(_list), "acknowledge": flag}).get("days") or []
    return sorted({_past(day("days", entry), today) for entry in given})


def visitor(data: Mapping[str, Any]) -> Visitor:
    read = fields(data, {"user": text}, {"display": optional_text, "support": flag})
    return Visitor(read["user"], read.get("display") or read["user"], read.get("support", False))


def _usage(entry: Any, today: str, retail: bool) -> tuple[str, Usage]:
    if not isinstance(entry, dict):
        raise bad("days", "must be a list of objects")
    counts = dict.fromkeys(("named_users", "pos_terminals", "disk_mb"), whole)
    read = fields(entry, {"day": day, **counts}, {})
    if read["pos_terminals"] and not retail:
        raise bad("pos_terminals", "must be 0: this product has no POS terminals")
    if max(read["named_users"], read["pos_terminals"]) > 10_000:
        raise bad("named_users and pos_terminals", "must be 10000 at the most")
    return _past(read.pop("day"), today), Usage(**read)


def _past(read: str, today: str) -> str:
    if read > today:
        raise bad("day", f"must not be after {today}, which is today in the park")
    return read


def _list(field: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > MOST_DAYS:
        raise bad(field, f"must be a list of {MOST_DAYS} at the most")
    return value
