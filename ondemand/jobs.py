"""Celery's task decorator, typed: a job loads by id, makes one service call, and may run twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, cast

from celery import shared_task

P = ParamSpec("P")


def job(work: Callable[P, None]) -> Callable[P, None]:
    return cast("Callable[P, None]", shared_task(work))
