"""Celery's task decorator, typed: a job loads by id, makes one service call, and may run twice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, cast

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

log = logging.getLogger(__name__)
P = ParamSpec("P")


def job(work: Callable[P, None]) -> Callable[P, None]:
    return cast("Callable[P, None]", shared_task(work))


def each(ids: Iterable[int], service: Callable[..., object], **given: Any) -> None:
    """Call the service for every row that waits. One that fails is logged, and keeps none of the others waiting."""
    for pk in ids:
        try:
            service(pk, **given)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            log.exception("%s.%s(%s)", service.__module__, service.__name__, pk)
