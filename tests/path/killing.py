"""A child that is killed at a point of a service's run, and what it leaves to others."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from contextlib import closing
from typing import Any, cast

import psycopg2
import requests
from django.db import connection, connections

from ondemand import testing
from ondemand.servers.processes import until
from tests.path.conftest import forget_client

FAILED = 255
BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


def run_to_death(act: Callable[[], object], *, at: int) -> int | None:
    """Run `act` in a child and kill it at its point number `at` (0: never). How many points it met; None if killed.

    Points: a COMMIT has returned, a request is about to be sent, its answer has come. The child shares no
    connection with us, and when this returns it holds nothing in the database any more.
    """
    connections.close_all()
    forget_client()
    child = os.fork()
    if not child:
        _live(act, at)
    _, status = os.waitpid(child, 0)
    assert until(_is_alone, seconds=30)
    if os.WIFSIGNALED(status):
        return None
    assert os.WEXITSTATUS(status) != FAILED, "the child failed; its traceback is above"
    return os.WEXITSTATUS(status)


def _live(act: Callable[[], object], at: int) -> None:
    """The child's whole life; it never returns."""
    points = Points(at)
    try:
        points.lay()
        act()
        os._exit(points.met)
    except BaseException:
        traceback.print_exc()
        os._exit(FAILED)


class Points:
    def __init__(self, at: int) -> None:
        self.at, self.met = at, 0

    def meet(self) -> None:
        self.met += 1
        if self.met == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def lay(self) -> None:
        real, send = cast(Any, connection), requests.adapters.HTTPAdapter.send
        commit = real._commit

        def committed() -> None:
            commit()
            self.meet()

        def asked(*given: Any, **named: Any) -> requests.Response:
            self.meet()
            answer = send(*given, **named)
            self.meet()
            return answer

        real._commit = committed
        cast(Any, requests.adapters.HTTPAdapter).send = asked


def _is_alone() -> bool:
    with closing(psycopg2.connect(testing.postgres.url(connection.settings_dict["NAME"], "postgres"))) as superuser:
        cursor = superuser.cursor()
        cursor.execute(BACKENDS, [connection.settings_dict["NAME"]])
        return cursor.fetchone() == (0,)
