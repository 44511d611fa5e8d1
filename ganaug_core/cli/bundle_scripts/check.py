"""Check this folder before it is installed: is the system the one that its wheels are for, is every file as it was?

Called by install.sh and install.cmd as `check.py SYSTEM MACHINE LEAST`, where LEAST is the oldest glibc or macOS, or 0.
It needs the standard library alone, and writes nothing.
"""

import hashlib
import platform
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def system(name: str, machine: str, least: str) -> str:
    """Return what is wrong with this system, or nothing."""
    if (platform.system(), platform.machine()) != (name, machine):
        return f"This folder is for {name} {machine}, and here is {platform.system()} {platform.machine()}."
    version = platform.libc_ver()[1] or platform.mac_ver()[0]
    if least != "0" and _numbers(version) < _numbers(least):
        kind = "macOS" if name == "Darwin" else "glibc"
        return f"This folder needs {kind} {least} or newer, and here is {version or 'none'}."
    return ""


def files() -> str:
    """Return which file is damaged, missing or of somebody else, or nothing."""
    if not (HERE / "SHA256SUMS").is_file():
        return "SHA256SUMS is missing: copy the whole folder again."
    sums = [line.split("  ", 1) for line in (HERE / "SHA256SUMS").read_text("utf-8").splitlines()]
    for digest, name in sums:
        if not (HERE / name).is_file():
            return f"{name} is missing: copy the whole folder again."
        with (HERE / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                return f"{name} is damaged or was changed: copy the whole folder again."
    own = {name for _, name in sums}
    foreign = [path.name for path in (HERE / "wheels").glob("[!.]*") if f"wheels/{path.name}" not in own]
    return f"wheels/{min(foreign)} does not belong to this folder: copy the whole folder again." if foreign else ""


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


if __name__ == "__main__":
    sys.exit(system(*sys.argv[1:4]) or files() or None)
