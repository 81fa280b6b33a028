"""How the web process runs; the address comes from the command line."""

import ctypes
import os
import signal
import sys
from typing import Any

workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
worker_class = "gthread"
threads = 4
graceful_timeout = 5
loglevel = "warning"
control_socket_disable = True  # its default is one path for all of a user's servers


def post_fork(server: Any, worker: Any) -> None:
    """A worker whose master was killed would answer on for a while, and keep the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
