"""python -m ondemand.standins.stripe [--port 12111] [--file standin-stripe.sqlite3] [--lacking]"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ondemand.standins.stripe import core
from ondemand.standins.stripe.server import serve


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m ondemand.standins.stripe", description=__doc__)
    options.add_argument("--port", type=int, default=12111, help="0 takes a free one")
    options.add_argument("--file", type=Path, default=Path("standin-stripe.sqlite3"), help="where the state is kept")
    options.add_argument("--lacking", action="store_true", help="print what Stripe has and this has not, and end")
    given = options.parse_args()
    if given.lacking:
        return print("\n".join(core.lacking()))
    try:
        serve(given.port, given.file, lambda base: print(f"READY {base}", flush=True))
    except OSError as error:
        sys.exit(f"Stripe's stand-in cannot start on port {given.port}: {error.strerror or error}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
