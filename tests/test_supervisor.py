"""The demo's supervisor, on small processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ondemand import running
from ondemand.servers import ROOT, Valkey, spawn
from ondemand.servers.processes import end_leftover, own_folder, port_is_taken, socket_path, until
from ondemand.supervisor.children import Child, Children, Ended, Leave
from ondemand.supervisor.preparation import Bar
from ondemand.supervisor.screen import Screen
from ondemand.supervisor.zones import Place, Zone
from tests.processes import process

STAYS = "import time; print('READY', flush=True); time.sleep(60)"


def _child(name: str, code: str, level: int = 0) -> Child:
    def launch() -> subprocess.Popen[bytes]:
        return spawn([sys.executable, "-c", code], os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    return Child(name, launch, level=level)


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    made = Children(Screen(tmp_path / "log"))
    yield made
    made.stop()


def _watch(children: Children, until_true: Any) -> None:
    end = time.monotonic() + 20
    while not until_true() and time.monotonic() < end:
        children.watch(0.05)
    assert until_true()


def test_a_child_that_was_killed_is_started_again(children: Children, capsys: Any) -> None:
    child = _child("web", STAYS)
    children.add(child)
    _watch(children, lambda: child.ready)
    first = child.process
    first.kill()
    _watch(children, lambda: child.process is not first)
    assert child.runs
    assert "web died (exit -9): starting it again" in capsys.readouterr().out


def test_five_deaths_in_a_minute_end_the_demo_and_name_the_child(children: Children) -> None:
    children.add(_child("web", "raise SystemExit(3)"))
    with pytest.raises(Ended, match="web died 5 times within a minute"):
        _watch(children, lambda: False)


def test_a_name_stands_before_each_line_that_a_child_says(children: Children, capsys: Any) -> None:
    children.run(_child("history", "print('one'); print('two', end='')"), _child("other", "print('three')"))
    said = capsys.readouterr().out.splitlines()
    assert "history   | one" in said
    assert "history   | two" in said
    assert "other     | three" in said


def test_a_muted_child_speaks_to_the_log_alone(children: Children, capsys: Any, tmp_path: Path) -> None:
    child = _child("park", STAYS)
    children.add(child)
    with children.muted(lambda child: True):
        _watch(children, lambda: child.ready)
    assert "READY" not in capsys.readouterr().out
    assert "park      | READY" in (tmp_path / "log").read_text()


def test_a_task_that_fails_is_named(children: Children) -> None:
    with pytest.raises(Ended, match="migrate failed"):
        children.run(_child("migrate", "raise SystemExit(1)"))


def test_a_request_to_leave_is_met_between_two_steps(children: Children) -> None:
    children.leave()
    with pytest.raises(Leave):
        children.watch()


def test_what_stands_on_others_ends_first(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    code = f"""
import signal, sys, time
def leave(*_):
    with open({str(trace)!r}, "a") as out: out.write("NAME ")
    sys.exit()
signal.signal(signal.SIGTERM, leave)
print("READY", flush=True)
time.sleep(60)
"""
    children = Children(Screen(tmp_path / "log"))
    both = [_child(name, code.replace("NAME", name), level) for level, name in enumerate(("server", "web"))]
    children.add(*both)
    _watch(children, lambda: all(child.ready for child in both))
    children.stop()
    assert trace.read_text().split() == ["web", "server"]


def test_kill_9_of_a_starter_leaves_no_child() -> None:
    code = f"""
import os, subprocess, sys, time
from ondemand.servers import spawn
child = spawn([sys.executable, "-c", {STAYS!r}], os.environ, stdout=subprocess.PIPE)
child.stdout.readline()
print("READY", os.getpid(), child.pid, flush=True)
time.sleep(60)
"""
    with process("-c", code) as said:
        starter, child = map(int, said.split())
        os.kill(starter, signal.SIGKILL)
        assert until(lambda: _ended(child), seconds=10)


def _ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except OSError:
        return True


def test_a_leftover_is_ended_only_if_it_is_ours(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    other = _child("other", f"{STAYS} # mark-1").launch()
    with other:
        assert other.stdout and other.stdout.readline()
        file.write_text(str(other.pid))
        end_leftover(file, "mark-2", signal.SIGKILL)
        assert other.poll() is None
        assert not file.exists()
        file.write_text(str(other.pid))
        end_leftover(file, "mark-1", signal.SIGKILL)
        assert other.wait(10) == -signal.SIGKILL


def test_a_place_that_cannot_be_written_is_named_with_advice(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match="Cannot write the state folder .* Set ONDEMAND_STATE"):
        own_folder(tmp_path / "file" / "state")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_state_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(SystemExit, match="belongs to another user"):
        own_folder(tmp_path)


def test_a_path_too_long_for_a_socket_is_refused() -> None:
    with pytest.raises(SystemExit, match="longer than 107 bytes"):
        socket_path(Path("/var/tmp") / ("x" * 110))


def test_a_taken_port_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert port_is_taken(port)
    assert not port_is_taken(port)


def test_progress_of_two_zones_is_one_bar(tmp_path: Path, capsys: Any) -> None:
    place = Place(tmp_path, 8000, None, Valkey(Path("/var/tmp")), ["eu", "us"])  # type: ignore[arg-type]
    eu, us = (Zone(key, place) for key in place.zones)
    bar = Bar(Screen(tmp_path / "log"), [eu, us])
    assert bar.hear(eu, "PROGRESS 40 March 2026")
    assert bar.hear(us, "PROGRESS 80 May 2026")
    assert not bar.hear(us, "2 partners")
    assert capsys.readouterr().out.splitlines()[-1] == "history   | 60 % EU March 2026 · US May 2026"


def test_the_zone_is_taken_from_a_commands_arguments() -> None:
    argv = ["manage.py", "audit", "--zone", "us", "-v", "2"]
    assert running.take_zone(argv) == ("US", ["manage.py", "audit", "-v", "2"])
    assert running.take_zone(["manage.py", "audit", "--zone=EU"]) == ("EU", ["manage.py", "audit"])


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(SystemExit, match="choose one of EU, US"):
        running.take_zone(["manage.py", "audit", "--zone"])


def _manage(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=kept | env, capture_output=True, text=True, check=False)


def test_a_command_without_a_demo_says_what_to_do(tmp_path: Path) -> None:
    done = _manage("showmigrations", ONDEMAND_STATE=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("No demo of this clone is running")
    assert "Traceback" not in done.stderr


def test_a_second_demo_is_refused(tmp_path: Path) -> None:
    code = f"""
import fcntl, time
lock = open({str(tmp_path / "lock")!r}, "w")
fcntl.flock(lock, fcntl.LOCK_EX)
print("READY", flush=True)
time.sleep(60)
"""
    tmp_path.chmod(0o700)
    with process("-c", code):
        done = _manage("demo", ONDEMAND_STATE=str(tmp_path))
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1,
        "CommandError: This clone's demo is already running: end that one first (Ctrl-C).",
    )


@pytest.mark.parametrize("port", ["80", "65535", "-1"])
def test_a_port_out_of_range_is_refused(port: str) -> None:
    done = _manage("demo", f"--port={port}")
    assert done.returncode == 1
    assert "choose one from 1024 to" in done.stderr
