"""What the product asks of a provider of servers. Every call may be repeated; ids are ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol
from uuid import UUID


class ProvisionerError(Exception):
    """The provider did not answer, or refused; the message is for staff."""


@dataclass(frozen=True)
class Wanted:
    """What a server is made from."""

    id: UUID
    name: str
    product: str
    edition: str
    company: str
    activation_key: str
    heartbeat_url: str
    heartbeat_key: str


@dataclass(frozen=True)
class Visitor:
    """Who enters an instance; `support`: a partner's member, shown as such in there."""

    user: str
    display: str
    support: bool


@dataclass(frozen=True)
class Notice:
    """What the address of a suspended instance says, in its owner's language."""

    why: str
    how_to_pay: str
    whom_to_ask: str


@dataclass(frozen=True)
class Backup:
    """What a suspended server holds, in one file; `size` in bytes."""

    file: str
    size: int


@dataclass(frozen=True)
class Step:
    """A step of the boot; `state` is pending, running, done or failed."""

    name: str
    label: str
    state: str
    at: datetime | None
    detail: str


@dataclass(frozen=True)
class Server:
    """As the provider sees it.

    `state` is booting, running, failed, suspending, suspended, resuming or terminated.
    """

    state: str
    address: str
    steps: list[Step]
    error: str
    version: str
    key_installed: bool


class Provisioner(Protocol):
    def ensure(self, wanted: Wanted) -> Server:
        """Make the server unless it is there, and say how it is."""

    def answers(self, server: Server) -> bool:
        """Whether the instance's own address answers."""

    def retry(self, id: UUID) -> None:
        """Boot again what failed."""

    def suspend(self, id: UUID, notice: Notice) -> Server:
        """Close a running server, so that its address shows the notice; repeat until `state` is suspended."""

    def resume(self, id: UUID) -> Server:
        """Let a suspended server run again; repeat until `state` is running."""

    def backup(self, id: UUID) -> Backup:
        """Back up a suspended server; again, while it rests: the same backup."""

    def fetch_backup(self, id: UUID, into: IO[bytes]) -> None:
        """Write the last backup into a file."""

    def terminate(self, id: UUID) -> None:
        """End the server and its backup; one that is gone is ended."""

    def login_link(self, id: UUID, visitor: Visitor) -> str:
        """An address that signs the visitor in once, within a minute, at a running instance."""
