"""A message to a worker that makes things quick and that may be lost: the row's state is the job.

A hint without arguments asks for whatever waits. So of many within a second the first is sent, and one that is due at
the second's end for all the others: a message costs as much as storing what it is about.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

log = logging.getLogger(__name__)
GATHERED = 1  # seconds
_muted = False
_due: dict[str, float] = {}  # when the last hint of a task without arguments is due, by this process's own clock


def hint(task: str, *arguments: Any, delay: int = 0) -> None:
    """Ask for `task` ("app.tasks.name") after COMMIT; `delay` in seconds. Never raises: beat sweeps what was missed."""
    if not _muted:
        transaction.on_commit(lambda: _send(task, arguments, delay))


@contextmanager
def muted() -> Iterator[None]:
    """No hints from this process: for who does the jobs in turn, and wants none of them done again later."""
    global _muted
    _muted = True
    try:
        yield
    finally:
        _muted = False


def _send(task: str, arguments: tuple[Any, ...], delay: int) -> None:
    if not arguments and not delay:
        if _comes_anyway(task):
            return
        delay = _gather(task)
    _publish(task, arguments, delay)


def _comes_anyway(task: str) -> bool:
    return _due.get(task, 0.0) > time.monotonic()


def _gather(task: str) -> int:
    """How long this one may wait for others: not at all after a quiet second."""
    now = time.monotonic()
    delay = 0 if now - _due.get(task, -GATHERED) >= GATHERED else GATHERED
    _due[task] = now + delay
    return delay


def _publish(task: str, arguments: tuple[Any, ...], delay: int) -> None:
    from ondemand.celery import app

    try:
        app.send_task(task, args=arguments, countdown=delay or None, retry=False, ignore_result=True)
    except Exception as error:  # whatever ails the broker, the row is safe and beat finds it
        log.warning("hint %s%r not sent: %s", task, arguments, error)
