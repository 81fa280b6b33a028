"""A message to a worker that makes things quick and that may be lost: the row's state is the job."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

log = logging.getLogger(__name__)
_muted = False


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
    from ondemand.celery import app

    try:
        app.send_task(task, args=arguments, countdown=delay or None, retry=False, ignore_result=True)
    except Exception as error:  # whatever ails the broker, the row is safe and beat finds it
        log.warning("hint %s%r not sent: %s", task, arguments, error)
