"""Ports and addresses of this machine."""

import os
import socket
from contextlib import suppress


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


def listening() -> list[tuple[str, int]]:
    """Return address and port of every TCP socket on which this process listens; none where the system does not say."""
    import psutil

    with suppress(psutil.Error, OSError):
        connections = psutil.Process().net_connections("tcp")
        return [(socket_.laddr.ip, socket_.laddr.port) for socket_ in connections if socket_.status == "LISTEN"]
    return []


def addresses() -> list[str]:
    """Return the addresses of this machine's network cards."""
    import psutil

    internet = (socket.AF_INET, socket.AF_INET6)
    cards = psutil.net_if_addrs().values()
    return [entry.address.partition("%")[0] for card in cards for entry in card if entry.family in internet]
