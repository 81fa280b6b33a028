"""The server park boots, suspends and ends instances, whatever is called twice and whenever it is killed."""

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.standins.park import OTHER, SERVER, UUID, Park, park, platform, running, shared_park, until

__all__ = ["park", "platform", "shared_park"]


def test_a_boot_goes_through_its_steps_and_ends_running_with_the_activation_key(park: Park) -> None:
    answer = park.boot()
    assert answer.status == 201
    assert answer.data["state"] == "running"
    assert answer.data["activation_key_installed"]
    assert {step["state"] for step in answer.data["steps"]} == {"done"}
    assert all(step["at"] for step in answer.data["steps"])


def test_the_address_names_the_instance_and_answers(park: Park) -> None:
    assert park.boot().data["address"] == f"http://acme.localhost:{park.port}/"
    assert park.visit("/healthz").data == {"instance": UUID, "state": "running", "version": "26Q3"}


def test_a_boot_takes_time_and_shows_the_step_under_way(park: Park) -> None:
    park.settings(boot_seconds=3600)
    server = park.boot().data
    assert server["state"] == "booting"
    assert [step["state"] for step in server["steps"]][:2] == ["running", "pending"]
    assert park.visit("/healthz").status == 503


def test_the_same_call_twice_boots_one_server(park: Park) -> None:
    first, second = park.boot(), park.boot()
    assert (first.status, second.status) == (201, 200)
    assert second.data["created_at"] == first.data["created_at"]
    assert len(park.call("GET", "servers").data["servers"]) == 1


def test_a_server_keeps_its_name(park: Park) -> None:
    park.boot()
    answer = park.boot(name="another")
    assert (answer.status, answer.data["error"]["code"]) == (409, "other_name")


def test_a_live_servers_name_is_taken(park: Park) -> None:
    park.boot()
    answer = park.boot(OTHER)
    assert (answer.status, answer.data["error"]["code"]) == (409, "name_taken")
    assert park.call("GET", f"servers/{OTHER}").status == 404


def test_a_terminated_servers_name_is_free(park: Park) -> None:
    park.boot()
    park.call("DELETE", f"servers/{UUID}")
    assert park.boot(OTHER).status == 201


def test_a_failing_boot_stops_at_its_step_and_goes_on_when_retried(park: Park) -> None:
    park.settings(boots="fail", fail_at="https")
    failed = park.boot().data
    assert failed["state"] == "failed"
    assert failed["error"] == "HTTPS: the provider gave no answer in time."
    assert [step["name"] for step in failed["steps"] if step["state"] == "failed"] == ["https"]
    retried = park.call("POST", f"servers/{UUID}/retry").data
    assert (retried["state"], retried["error"]) == ("running", None)


def test_as_many_boots_fail_as_were_asked_for(park: Park) -> None:
    park.settings(boots="fail", times=2)
    assert park.boot().data["state"] == "failed"
    assert park.call("POST", f"servers/{UUID}/retry").data["state"] == "failed"
    assert park.call("POST", f"servers/{UUID}/retry").data["state"] == "running"


def test_a_running_server_is_not_disturbed_by_a_retry(park: Park) -> None:
    before = park.boot().data
    after = park.call("POST", f"servers/{UUID}/retry")
    assert (after.status, after.data["steps"]) == (200, before["steps"])


def test_suspending_is_not_suspended_before_it_is_done(tmp_path: Path) -> None:
    with running(Park(tmp_path, ("--boot-seconds", "0"))) as park:
        park.boot()
        park.settings(boot_seconds=4)
        assert park.call("POST", f"servers/{UUID}/suspend").data["state"] == "suspending"
        until(lambda: park.show()["state"] == "suspended")


def test_suspending_and_resuming_twice_changes_nothing(park: Park) -> None:
    park.boot()
    states = [
        park.call("POST", f"servers/{UUID}/{call}").data["state"] for call in ("suspend", "suspend", "resume", "resume")
    ]
    assert states == ["suspended", "suspended", "running", "running"]


def test_a_failed_server_cannot_be_suspended(park: Park) -> None:
    park.settings(boots="fail")
    park.boot()
    answer = park.call("POST", f"servers/{UUID}/suspend")
    assert (answer.status, answer.data["error"]["code"]) == (409, "wrong_state")


def test_a_suspended_server_is_backed_up_once_and_without_its_secrets(park: Park) -> None:
    park.boot()
    assert park.call("POST", f"servers/{UUID}/backup").data["error"]["code"] == "wrong_state"
    park.call("POST", f"servers/{UUID}/suspend")
    first, second = (park.call("POST", f"servers/{UUID}/backup").data for _ in range(2))
    text = park.call("GET", f"servers/{UUID}/backup").text
    assert (first, first["size"]) == (second, len(text.encode()))
    assert '"company": "Acme Foods"' in text
    assert not [name for name in ("activation_key", "heartbeat_key") if SERVER[name] in text]


@pytest.mark.parametrize(("method", "call"), [("POST", "/resume"), ("DELETE", "")])
def test_a_backup_goes_with_what_it_was_taken_from(park: Park, method: str, call: str) -> None:
    park.boot()
    for step in ("suspend", "backup"):
        park.call("POST", f"servers/{UUID}/{step}")
    park.call(method, f"servers/{UUID}{call}")
    assert park.call("GET", f"servers/{UUID}/backup").data["error"]["code"] == "no_backup"


def test_terminating_twice_is_terminating_once(park: Park) -> None:
    park.boot()
    answers = [park.call("DELETE", f"servers/{UUID}") for _ in range(2)]
    assert [(answer.status, answer.data["state"]) for answer in answers] == [(200, "terminated")] * 2
    assert park.boot().data["state"] == "terminated"
    assert park.call("POST", f"servers/{UUID}/resume").status == 409


def test_a_killed_park_boots_on_after_a_restart(park: Park) -> None:
    park.settings(boot_seconds=1.5)
    park.boot()
    park.stop(signal.SIGKILL)
    park.start()
    assert park.show()["name"] == "acme"
    until(lambda: park.show()["state"] == "running")


def test_settings_and_clock_survive_a_restart(park: Park) -> None:
    park.settings(boots="fail", times=3)
    park.call("POST", "clock", {"now": "2026-01-31T10:00:00Z"})
    park.stop(signal.SIGKILL)
    park.start()
    assert park.call("GET", "settings").data["times"] == 3
    assert park.call("GET", "clock").data["now"].startswith("2026-01-31T10:0")


def test_a_setting_goes_back_to_the_command_lines(park: Park) -> None:
    park.settings(boot_seconds=9)
    assert park.settings(boot_seconds=None).data["boot_seconds"] == 0


def test_the_park_stops_at_once_when_asked_to(park: Park) -> None:
    assert park.stop(signal.SIGTERM) == 0


def test_two_parks_do_not_share_a_folder(park: Park) -> None:
    second = subprocess.run(park.command(), capture_output=True, text=True, cwd=".", timeout=20)
    assert second.returncode == 1
    assert "Another server park runs on" in second.stderr


def test_a_port_in_use_is_said(park: Park, tmp_path: Path) -> None:
    command = Park(tmp_path / "second").command(park.port)
    second = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert second.returncode == 1
    assert second.stderr.endswith("Address already in use. Give another --port.\n")


def test_a_broken_state_file_is_named(tmp_path: Path) -> None:
    (tmp_path / f"{UUID}.json").write_text('{"id": 1}')
    result = subprocess.run(Park(tmp_path).command(), capture_output=True, text=True, timeout=20)
    assert result.returncode == 1
    assert f"{UUID}.json is not the state of an instance" in " ".join(result.stderr.split())


def test_without_the_secret_nothing_is_told(shared_park: Park) -> None:
    assert shared_park.call("GET", f"servers/{UUID}", secret="guess").status == 401
    assert shared_park.call("DELETE", f"servers/{UUID}", secret="guess").status == 401
    assert shared_park.show()["state"] == "running"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "Acme Foods"}, "name"),
        ({"name": "-acme"}, "name"),
        ({"name": 7}, "name"),
        ({"heartbeat_url": "ftp://platform/"}, "heartbeat_url"),
        ({"heartbeat_url": "http://[::1"}, "heartbeat_url"),
        ({"activation_key": ""}, "activation_key"),
        ({"colour": "green"}, "colour"),
    ],
)
def test_a_wrong_field_is_refused_by_name(shared_park: Park, changes: dict[str, Any], field: str) -> None:
    answer = shared_park.boot(**changes)
    assert answer.status == 400
    assert answer.data["error"]["message"].startswith(field)


def test_a_missing_field_is_refused_by_name(shared_park: Park) -> None:
    data = {name: value for name, value in SERVER.items() if name != "heartbeat_key"}
    answer = shared_park.call("PUT", f"servers/{UUID}", data)
    assert (answer.status, answer.data["error"]["message"]) == (400, "heartbeat_key is missing.")


@pytest.mark.parametrize("body", [b"x", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(shared_park: Park, body: bytes) -> None:
    answer = shared_park.send("PUT", f"/park/servers/{UUID}", body, {"Authorization": "Bearer park-secret"})
    assert (answer.status, answer.data["error"]["code"]) == (400, "bad_json")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"servers/{OTHER}"),
        ("DELETE", f"servers/{OTHER}"),
        ("POST", "nothing"),
        ("GET", "servers/../x/y"),
    ],
)
def test_what_is_not_there_is_404_in_json(shared_park: Park, method: str, path: str) -> None:
    answer = shared_park.call(method, path)
    assert answer.status == 404
    assert answer.data["error"]["code"].startswith("unknown")
