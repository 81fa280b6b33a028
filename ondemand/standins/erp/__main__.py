"""Starts the server park of one zone."""

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from ondemand.standins.erp.control import Control
from ondemand.standins.erp.park import Park
from ondemand.standins.erp.pulse import Pulse
from ondemand.standins.erp.settings import Settings
from ondemand.standins.erp.site import Site
from ondemand.standins.erp.store import StateError, Store
from ondemand.standins.erp.web import Web


def main() -> None:
    options = _options()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    try:
        store = Store(options.state)
        park = Park(store, options.zone, Settings(options.boot_seconds, options.heartbeat_seconds))
        web = Web(options.port)
    except StateError as error:
        sys.exit(f"The server park cannot start: {error}")
    except OSError as error:
        place = f"127.0.0.1:{options.port}"
        sys.exit(f"The server park cannot listen on {place}: {error.strerror}. Give another --port.")
    park.port = web.server_address[1]
    pulse = Pulse(park)
    pulse.start()
    print(f"READY http://127.0.0.1:{park.port}", flush=True)
    web.serve(Control(park, pulse, options.secret), Site(park))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ondemand.standins.erp", description="The server park of one zone.")
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="the folder of the state files")
    parser.add_argument("--secret", required=True, help="what the control API's caller must know")
    parser.add_argument("--boot-seconds", type=float, default=6.0)
    parser.add_argument("--heartbeat-seconds", type=float, default=5.0)
    parser.add_argument("--zone", default="EU")
    return parser.parse_args()


def _leave(number: int, frame: FrameType | None) -> None:
    """State files are whole at every moment, so nothing is waited for."""
    os._exit(0)


main()
