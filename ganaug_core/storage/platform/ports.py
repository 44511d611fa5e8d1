"""Ports of this machine."""

import os
import socket


def is_port_taken(port: int) -> bool:
    """Return whether another program listens on this port of the machine."""
    with socket.socket() as probe:
        if os.name == "posix":  # there it passes over connections that have ended; on Windows, over living ones
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
