"""What the terminal says once the server listens: the link with the token, and what it means that others can come."""

import html
import os
import socket
import sys
import time
import webbrowser
from contextlib import suppress
from pathlib import Path

from ganaug_core.server import access
from ganaug_core.storage import platform

PATIENCE_SECONDS = 60.0
TO_OTHERS = """
Other machines can reach this app. What goes over the network is not encrypted (plain HTTP), nor is the key in the link.
Better let ganaug listen on this machine alone, set GANAUG_HOSTS to its public name, and put TLS in front of it, with
  caddy:  {name} {{ reverse_proxy 127.0.0.1:{port} }}
  nginx:  location / {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; proxy_set_header Host $host; \
proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}
"""


def announce(folder: Path) -> None:
    """Wait until this process listens, then print the link, and open a browser where that was asked for.

    Args:
        folder: Where a file for the browser may lie that only the owner reads.
    """
    address, port = _listening()
    if port is None:  # a Unix socket, or a server that is none
        return
    if access.is_open_to_others(port):
        _say(access.OPEN_TO_OTHERS)
        return
    host = "127.0.0.1" if access.is_loopback(address) else _public_name(address)
    url = access.link(host, port)
    _say(f"\n  Open this link. It holds the key of this start, so keep it to yourself:\n\n  {url}\n")
    if host != "127.0.0.1":
        _say(TO_OTHERS.format(name=host, port=port))
    if access.START.browser:
        _open_browser(url, folder)


def _say(text: str) -> None:
    with suppress(OSError):  # nobody reads the terminal
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def _listening() -> tuple[str, int | None]:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        for address, port in platform.listening():
            return address, port
        time.sleep(0.1)
    return "", None


def _public_name(address: str) -> str:
    """Return a name for others: where all addresses are listened on, the machine's."""
    return socket.gethostname() if address in ("0.0.0.0", "::") else address


def _open_browser(url: str, folder: Path) -> None:
    """Open the link through a file: every account of the machine can see what a browser was started with."""
    path = folder / "open.html"
    with suppress(OSError):
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as page:
            page.write(f'<!doctype html><meta http-equiv="refresh" content="0;url={html.escape(url)}">')
        webbrowser.open(path.as_uri())
