"""Python loads this file in every process of a server under test: whoever looks outside this machine is written down.

It counts look-ups of names and connections, of whatever kind, and lets none of them leave.
"""

import os
import socket
import traceback
from typing import Any

_LOG = os.environ.get("GANAUG_OUTSIDE_LOG", "")
_OWN = ("", "localhost", "0.0.0.0", "::")


def _is_own(host: Any) -> bool:
    text = host.decode("latin-1") if isinstance(host, bytes) else str(host or "")
    return text in _OWN or text.startswith("127.") or text.startswith("::1")


def _refuse(what: str, host: Any) -> None:
    with open(_LOG, "a", encoding="utf-8") as log:
        caller = " < ".join(frame.name for frame in reversed(traceback.extract_stack(limit=9)[:-2]))
        log.write(f"{os.getpid()} {what} {host!r}: {caller}\n")
    raise OSError(f"this test lets nothing outside: {host!r}")


def _guard_names(name: str) -> None:
    original = getattr(socket, name)

    def guarded(host: Any, *arguments: Any, **keywords: Any) -> Any:
        asked = host[0] if isinstance(host, tuple) else host
        return original(host, *arguments, **keywords) if _is_own(asked) else _refuse(name, host)

    setattr(socket, name, guarded)


def _guard_connections(name: str, place: int) -> None:
    original = getattr(socket.socket, name)

    def guarded(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[place]
        outside = self.family in (socket.AF_INET, socket.AF_INET6) and not _is_own(address[0])
        return _refuse(name, address) if outside else original(self, *arguments)

    setattr(socket.socket, name, guarded)


if _LOG:
    for _name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"):
        _guard_names(_name)
    for _name, _place in (("connect", 0), ("connect_ex", 0), ("sendto", -1)):
        _guard_connections(_name, _place)
