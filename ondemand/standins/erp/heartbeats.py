"""The signed heartbeat of an instance: its text, its signature and its delivery."""

import hashlib
import hmac
import http.client
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlsplit

from ondemand.standins.erp import usage
from ondemand.standins.erp.clock import iso
from ondemand.standins.erp.servers import VERSION, Server, Usage

MOST_DAYS = 60
TIMEOUT = 5.0


@dataclass(frozen=True)
class Heartbeat:
    """One message. `usages`: what it tells, by day; once delivered, the platform knows it."""

    instance: str
    url: str
    headers: dict[str, str]
    body: str
    usages: dict[str, Usage]


def compose(server: Server, now: datetime, days: Sequence[str] | None = None) -> Heartbeat:
    """The heartbeat at `now`, of `days`, or of today and every day that was not yet acknowledged."""
    today = now.date().isoformat()
    usages = {day: usage.reading_of(server, day, today).usage for day in days or _due_days(server, today)}
    readings = [{"day": day, **asdict(usages[day])} for day in sorted(usages)]
    message = {"instance": server.id, "sent_at": iso(now), "version": VERSION, "readings": readings}
    body = json.dumps(message, separators=(",", ":"))
    headers = {
        "Content-Type": "application/json",
        "X-Ondemand-Instance": server.id,
        "X-Ondemand-Signature": signature(server.heartbeat_key, int(now.timestamp()), body),
    }
    return Heartbeat(server.id, server.heartbeat_url, headers, body, usages)


def signature(key: str, timestamp: int, body: str) -> str:
    digest = hmac.new(key.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def deliver(heartbeat: Heartbeat) -> int:
    """The status of the platform's answer; raises OSError or HTTPException when there is none."""
    address = urlsplit(heartbeat.url)
    host = address.hostname or ""
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    reached = "127.0.0.1" if host.endswith(".localhost") else host
    connection = kind(reached, address.port, timeout=TIMEOUT)
    try:
        target = (address.path or "/") + (f"?{address.query}" if address.query else "")
        headers = {**heartbeat.headers, "Host": address.netloc.rpartition("@")[2], "Connection": "close"}
        connection.request("POST", target, heartbeat.body.encode(), headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _due_days(server: Server, today: str) -> list[str]:
    pending = [day for day in usage.unacknowledged(server) if day < today]
    return [*pending[: MOST_DAYS - 1], today]
