"""Folders and processes of this machine: what the servers and the demo's supervisor share."""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST_SOCKET = 107  # bytes; Linux's sockaddr_un
PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None  # found here: little is safe after a fork


def state_dir() -> Path:
    """Where the demo keeps its data: ONDEMAND_STATE, or a folder for this user and this clone."""
    if chosen := os.environ.get("ONDEMAND_STATE"):
        return Path(chosen).absolute()
    clone = hashlib.sha256(str(ROOT).encode()).hexdigest()[:10]
    return Path("/var/tmp") / f"ondemand-{os.getuid()}-{clone}"


def own_folder(path: Path) -> Path:
    """Make a folder that only we write; refuse one that someone else made at a name that can be guessed."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = path.lstat()
        (path / ".writable").touch()
        (path / ".writable").unlink()
    except OSError as problem:
        raise SystemExit(
            f"Cannot write the state folder {path} ({problem.strerror}). "
            "Set ONDEMAND_STATE to a folder that you can write."
        ) from None
    if path.is_symlink() or found.st_uid != os.geteuid():
        raise SystemExit(f"The state folder {path} belongs to another user. Set ONDEMAND_STATE to another folder.")
    return path


def socket_path(path: Path) -> Path:
    """The path, where it is short enough for a unix socket."""
    if len(os.fsencode(path)) > LONGEST_SOCKET:
        raise SystemExit(
            f"The path of the socket {path} is longer than {LONGEST_SOCKET} bytes. "
            "Set ONDEMAND_STATE to a folder with a shorter path."
        )
    return path


def spawn(
    command: list[str], env: Mapping[str, str], *, at_our_end: int = signal.SIGKILL, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a child that Ctrl-C does not reach and that ends with its starter, even after kill -9 (Linux).

    `at_our_end` is the signal that it then gets. Call this from the main thread: Linux sends the signal when
    the thread that started the child ends.
    """

    starter = os.getpid()

    def end_with_starter() -> None:
        if _prctl:
            _prctl(PR_SET_PDEATHSIG, at_our_end)
            if os.getppid() != starter:  # it was killed before we asked
                os._exit(1)

    return subprocess.Popen(
        command,
        env=env,
        cwd=options.pop("cwd", ROOT),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=end_with_starter,
        **options,
    )


def end_leftover(pid_file: Path, mark: str, number: int) -> None:
    """End what an earlier start left behind, if the pid's command line still has `mark`, and wait for it.

    It may be ending already: it was told to when its starter was killed.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    found = _command_line(pid)
    if found and mark not in found:
        pid_file.unlink(missing_ok=True)  # after a restart of the machine the number is another process's
    elif found:
        os.kill(pid, number)
        if not until(lambda: mark not in _command_line(pid), seconds=30):
            advice = f"end it (kill -9 {pid}) and try again"
            raise SystemExit(f"Process {pid} of an earlier start does not end: {advice}.")


def _command_line(pid: int) -> str:
    """Empty when the process has ended (a zombie has none). Linux has /proc, and may lack ps."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            return ""
    shown = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout


def until(ready: Callable[[], bool], *, seconds: float, while_running: subprocess.Popen[bytes] | None = None) -> bool:
    """Ask again and again; False when the time is over, or the process ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and (while_running is None or while_running.poll() is None):
        if ready():
            return True
        time.sleep(0.02)
    return False


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def port_is_taken(port: int) -> bool:
    """True too where only the IPv6 loopback is taken: a browser would go there for `localhost`."""
    for address in ("127.0.0.1", "::1"):
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as client:
            client.settimeout(1)
            if client.connect_ex((address, port)) == 0:
                return True
    return False
