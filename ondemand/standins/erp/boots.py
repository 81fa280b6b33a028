"""The life of a server: its boot, step by step, suspension, resumption, end.

Every change that takes time has its `due` moment in the state file: a killed park goes on where it was.
"""

from ondemand.standins.erp.errors import Conflict
from ondemand.standins.erp.servers import Actor, ReasonPage, Server, Step
from ondemand.standins.erp.settings import Settings

STEPS = (
    ("server", "Virtual server", "2 cores, 4 GB of memory, 40 GB of disk"),
    ("network", "Network and address", "The address answers from outside"),
    ("database", "Database", "PostgreSQL, empty, with its own password"),
    ("application", "Openbravo", "Installed and started"),
    ("activation_key", "Activation key", "Installed"),
    ("https", "HTTPS", "Certificate issued"),
    ("backup", "Backup", "First backup taken"),
    ("heartbeat", "Heartbeat", "Switched on"),
)
STEP_NAMES = tuple(name for name, _, _ in STEPS)
FIRST_DISK_MB = 1200
CHANGE_SECONDS = 1.0


def new_steps() -> list[Step]:
    return [Step(name, label) for name, label, _ in STEPS]


def advance(server: Server, settings: Settings, at: str, real: float) -> None:
    """Does everything that is due at `real` (Unix seconds); `at` is the park's time, written on the steps."""
    if server.state in ("suspending", "resuming") and server.due <= real:
        server.state = "suspended" if server.state == "suspending" else "running"
    while server.state == "booting" and _advance_boot(server, settings, at, real):
        pass


def _advance_boot(server: Server, settings: Settings, at: str, real: float) -> bool:
    """One change, if one is due."""
    step = next((step for step in server.steps if step.state != "done"), None)
    if step is None:
        server.state = "running"
    elif step.state != "running":
        step.state, step.at, step.detail = "running", at, ""
        server.due = max(server.due, real - 1) + settings.step_seconds(len(server.steps))
    elif server.due > real:
        return False
    elif settings.fail(step.name):
        _fail(server, step, at)
    else:
        _finish(server, step, at)
    return True


def _fail(server: Server, step: Step, at: str) -> None:
    step.state, step.at = "failed", at
    step.detail = "The provider gave no answer in time"
    server.state = "failed"
    server.error = f"{step.label}: {step.detail.lower()}."


def _finish(server: Server, step: Step, at: str) -> None:
    step.state, step.at = "done", at
    step.detail = next(detail for name, _, detail in STEPS if name == step.name)
    if step.name == "application" and not server.users:
        server.disk_mb = FIRST_DISK_MB
        server.users.append(Actor(1, server.owner_username or "Owner"))
    if step.name == "activation_key":
        server.activation_key_installed = True


def retry(server: Server, real: float) -> None:
    """Boots on from the step that failed; nothing happens to a server that boots or runs."""
    if server.state in ("booting", "running"):
        return
    demand(server, ("failed",), "retried")
    server.state, server.error, server.due = "booting", None, real


def suspend(server: Server, reason_page: ReasonPage | None, seconds: float) -> None:
    """`seconds` is the real time until which the change is done. A second call may bring another reason."""
    demand(server, ("running", "resuming", "suspending", "suspended"), "suspended")
    if reason_page is not None:
        server.reason_page = reason_page
    if server.state in ("running", "resuming"):
        server.state, server.due = "suspending", seconds


def resume(server: Server, seconds: float) -> None:
    demand(server, ("running", "resuming", "suspending", "suspended"), "resumed")
    if server.state in ("suspending", "suspended"):
        server.state, server.due, server.reason_page = "resuming", seconds, None
        server.backed_up_at = None


def terminate(server: Server) -> None:
    server.state, server.error, server.backed_up_at = "terminated", None, None
    server.sessions.clear()
    server.redeemed.clear()


def change_seconds(settings: Settings) -> float:
    """How long suspending and resuming take."""
    return min(CHANGE_SECONDS, settings.step_seconds(len(STEPS)))


def demand(server: Server, states: tuple[str, ...], done: str) -> None:
    """Raises Conflict in any other state."""
    if server.state not in states:
        raise Conflict("wrong_state", f"A server that is {server.state} cannot be {done}.")
