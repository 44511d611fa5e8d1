"""`python -m ganaug_core.atlas WORKSPACE` lays the demo there; `prepare` starts it."""

import signal
import sys

from ganaug_core import atlas
from ganaug_core.errors import GanaugError
from ganaug_core.storage.workspace import Workspace

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is meant for the app; this ends in seconds
    try:
        atlas.install(Workspace(sys.argv[1]))
    except GanaugError as error:
        sys.exit(f"The demo could not be prepared. {error.what} {error.do}")
