"""A password for services that start without a terminal: a file holds its hash, `GANAUG_PASSWORD_FILE` names the file.

scrypt (Percival, 2009; RFC 7914) with 32 MB for each attempt.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from ganaug_core.errors import ConfigurationError

LEAST = 12
_KIND = "scrypt"
_COST, _BLOCK, _LANES, _LENGTH = 1 << 15, 8, 1, 32
_MEMORY = 1 << 26


def file() -> Path | None:
    """Return the file of the password, None where there is none."""
    name = os.environ.get("GANAUG_PASSWORD_FILE")
    return Path(name) if name else None


def hashed(password: str) -> str:
    """Return the line that a password file holds.

    Raises:
        ConfigurationError: The password is too short.
    """
    if len(password) < LEAST:
        raise ConfigurationError(
            f"The password has {len(password)} characters.", do=f"Choose one of at least {LEAST}.", code="password"
        )
    salt = secrets.token_hex(16)
    return f"{_KIND}:{salt}:{_hash(password, salt)}"


def matches(password: str, path: Path | None) -> bool:
    """Whether a password belongs to a file; a file that cannot be read lets nobody in."""
    if path is None:
        return False
    try:
        kind, salt, expected = path.read_text("utf-8").strip().split(":")
    except (OSError, ValueError):
        return False
    return kind == _KIND and hmac.compare_digest(_hash(password, salt), expected)


def check(path: Path | None) -> None:
    """Refuse a password file that lets nobody in, before the server starts.

    Raises:
        ConfigurationError: It is not there or holds something else.
    """
    try:
        good = path is None or path.read_text("utf-8").startswith(f"{_KIND}:")
    except (OSError, ValueError):
        good = False
    if not good:
        raise ConfigurationError(
            f"{path} holds no password.", do=f"Make the file with: ganaug password {path}", code="password"
        )


def _hash(password: str, salt: str) -> str:
    key = hashlib.scrypt(
        password.encode(), salt=salt.encode(), n=_COST, r=_BLOCK, p=_LANES, maxmem=_MEMORY, dklen=_LENGTH
    )
    return key.hex()
