"""PostgreSQL and Valkey from Python packages, where a machine has neither: for the demo and the tests.

They listen on unix sockets alone, in a state folder outside the clone. Everything here ends the start with a
sentence (SystemExit) where the machine lacks something.
"""

from ondemand.servers.postgres import Postgres
from ondemand.servers.processes import ROOT, own_folder, spawn, state_dir
from ondemand.servers.valkey import Valkey

__all__ = ["ROOT", "Postgres", "Valkey", "own_folder", "spawn", "state_dir"]
