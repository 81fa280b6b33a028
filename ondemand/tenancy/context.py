"""`with tenant(scope):` is the one way to reach rows: a transaction, a role, a tenant."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from ondemand.tenancy.roles import Role

ENTER = """SELECT set_config('role', %s, true),
                  set_config('app.partner_id', %s, true),
                  set_config('app.customer_id', %s, true),
                  set_config('app.signup_id', %s, true)"""
ENTER_READ_ONLY = ENTER + ", set_config('transaction_read_only', 'on', true)"
LEAVE = """SELECT set_config('role', 'none', true),
                  set_config('app.partner_id', '', true),
                  set_config('app.customer_id', '', true),
                  set_config('app.signup_id', '', true)"""


@dataclass(frozen=True)
class Scope:
    """Who asks, and for whom. The database compares rows with it."""

    role: Role
    partner_id: int | None = None
    customer_id: int | None = None
    signup_id: str | None = None  # the public id of a sign-up, for its own browser
    read_only: bool = False


@contextmanager
def tenant(scope: Scope) -> Iterator[None]:
    """Open the transaction of `scope`. Scopes follow one another and never nest (durable)."""
    try:
        with transaction.atomic(durable=True):
            _enter(scope)
            yield
            _settle()
    finally:
        _leave()


def as_worker() -> AbstractContextManager[None]:
    """The scope of services that act for the platform itself: tasks, completions, enrolments."""
    return tenant(Scope(Role.WORKER))


def _enter(scope: Scope) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            ENTER_READ_ONLY if scope.read_only else ENTER,
            [scope.role, _text(scope.partner_id), _text(scope.customer_id), scope.signup_id or ""],
        )


def _settle() -> None:
    """In a test this is a savepoint, whose release checks no deferred keys as COMMIT does."""
    if connection.savepoint_ids and not connection.needs_rollback:
        connection.check_constraints()


def _leave() -> None:
    """A transaction's end has undone the settings; only a test's outer transaction keeps them."""
    if connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute(LEAVE)


def _text(value: int | None) -> str:
    return "" if value is None else str(value)
