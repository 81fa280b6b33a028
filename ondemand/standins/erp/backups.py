"""The last backup of a suspended server: what its instance holds, in one file beside its state."""

import json
from dataclasses import asdict

from ondemand.standins.erp import boots
from ondemand.standins.erp.errors import Unknown
from ondemand.standins.erp.servers import VERSION, Server
from ondemand.standins.erp.store import Store


def take(store: Store, server: Server, at: str) -> str:
    """Again, while it rests: the same backup."""
    boots.demand(server, ("suspended",), "backed up")
    if server.backed_up_at is None:
        server.backed_up_at = at
        store.write_backup(server.id, _content(server))
    return read(store, server)


def read(store: Store, server: Server) -> str:
    text = store.read_backup(server.id) if server.backed_up_at else None
    if text is None:
        raise Unknown("no_backup", f"Of the server {server.name} there is no backup.")
    return text


def file_name(server: Server) -> str:
    return f"{server.name}-{(server.backed_up_at or '')[:10]}.json"


def _content(server: Server) -> str:
    held = {
        "instance": server.name,
        "company": server.company,
        "product": server.product,
        "edition": server.edition,
        "version": VERSION,
        "backed_up_at": server.backed_up_at,
        "disk_mb": server.disk_mb,
        "users": [asdict(each) for each in server.users],
        "terminals": [asdict(each) for each in server.terminals],
        "usage": {day: asdict(reading.usage) for day, reading in sorted(server.readings.items())},
    }
    return json.dumps(held, ensure_ascii=False, indent=1) + "\n"
