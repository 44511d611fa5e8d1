"""A stranger's generator file is checked and tried in a process of its own, with a bound on memory and time.

    python -m ganaug_core.generators.guard FILE

It answers with the passport, or with why the file is refused, and the digest of the bytes that it looked at.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ganaug_core.config import Passport
from ganaug_core.errors import GeneratorError
from ganaug_core.storage import platform

MEMORY = 8 << 30
SECONDS = 180.0


def checked(path: Path) -> tuple[bytes, Passport]:
    """Return the bytes of a generator file that was found good, and its passport.

    Raises:
        GeneratorError: The file is refused, or took more memory or time than a generator may.
    """
    command = [sys.executable, "-m", "ganaug_core.generators.guard", str(path.absolute())]
    try:
        child = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise _refused(f"It could not be checked within {SECONDS:.0f} s.", "time") from error
    try:
        answer: dict[str, Any] = json.loads(child.stdout)
    except ValueError as error:
        why = platform.ending_in_words(child.returncode)
        raise _refused(f"The process that checked it ended ({why}): it may need too much memory.", "crash") from error
    if "error" in answer:
        raise GeneratorError(**answer["error"])
    content = path.read_bytes() if path.stat().st_size == answer["size"] else b""
    if hashlib.sha256(content).hexdigest() != answer["sha256"]:
        raise _refused("It was changed while it was checked.", "changed")
    return content, Passport.model_validate_json(json.dumps(answer["passport"]))


def _refused(what: str, code: str) -> GeneratorError:
    return GeneratorError(
        f"This generator file is refused. {what}", do="Ask for a file that ganaug has exported.", code=code
    )


def main(path: Path) -> None:
    """Check one file and say on standard output what came of it."""
    from ganaug_core.generators import files

    platform.confine(MEMORY)
    try:
        content = files.read(path)
        passport = files.loads(content).passport
    except GeneratorError as error:
        answer: dict[str, Any] = {"error": {"what": error.what, "do": error.do, "code": error.code}}
    else:
        digest = hashlib.sha256(content).hexdigest()
        answer = {"sha256": digest, "size": len(content), "passport": passport.model_dump(mode="json")}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
